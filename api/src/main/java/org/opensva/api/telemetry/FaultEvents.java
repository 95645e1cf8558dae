package org.opensva.api.telemetry;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.logs.LogRecordBuilder;
import io.opentelemetry.api.logs.Logger;
import io.opentelemetry.api.logs.LoggerProvider;
import io.opentelemetry.api.logs.Severity;
import io.opentelemetry.context.Context;

/**
 * Structured log events for what goes wrong between a device and its IOMMU, each with the trace of
 * whoever caused it where that is known.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class FaultEvents {

    private final Logger logger;
    private final boolean on;

    /**
     * Creates a source of events.
     *
     * @param telemetry where log events go
     */
    public FaultEvents(OpenTelemetry telemetry) {
        logger = telemetry.getLogsBridge().get(SvaTelemetry.SCOPE);
        on = !LoggerProvider.noop().equals(telemetry.getLogsBridge());
    }

    /**
     * Tells whether log events go anywhere.
     *
     * @return false for the no-operation telemetry
     */
    public boolean isOn() {
        return on;
    }

    /**
     * The IOMMU recorded a fault.
     *
     * @param cause the context of the job or call that caused it
     * @param requester the requester id
     * @param pasid the PASID, or -1
     * @param address the input address
     * @param type the class of the fault
     * @param record the fault in the words of the architecture
     */
    public void fault(
            Context cause, int requester, int pasid, long address, String type, String record) {
        if (!on) {
            return;
        }
        LogRecordBuilder event =
                begin(SvaTelemetry.LOG_FAULT, Severity.WARN, requester)
                        .setContext(cause)
                        .setAttribute(SvaAttributes.ADDRESS, SvaTelemetry.address(address))
                        .setAttribute(SvaAttributes.FAULT_TYPE, type)
                        .setAttribute(SvaAttributes.FAULT_RECORD, record)
                        .setBody(record);
        if (pasid >= 0) {
            event.setAttribute(SvaAttributes.PASID, (long) pasid);
        }
        event.emit();
    }

    /**
     * A device did not answer an invalidation and is cut off from its IOMMU. Told in the current
     * context, which is that of the invalidation.
     *
     * @param device the name of the device
     * @param requester its requester id
     */
    public void isolated(String device, int requester) {
        if (on) {
            begin(SvaTelemetry.LOG_DEVICE_ISOLATED, Severity.ERROR, requester)
                    .setAttribute(SvaAttributes.DEVICE, device)
                    .setBody("ATC invalidation time-out: the device is cut off")
                    .emit();
        }
    }

    /**
     * A queue stopped by itself.
     *
     * @param device the name of the device
     * @param requester its requester id
     * @param pasid the PASID of the queue
     * @param error why
     */
    public void queueError(String device, int requester, int pasid, String error) {
        if (on) {
            begin(SvaTelemetry.LOG_QUEUE_ERROR, Severity.WARN, requester)
                    .setAttribute(SvaAttributes.DEVICE, device)
                    .setAttribute(SvaAttributes.PASID, (long) pasid)
                    .setAttribute(SvaAttributes.QUEUE_ERROR, error)
                    .setBody("a queue stopped: " + error)
                    .emit();
        }
    }

    /**
     * An accelerator is isolated: no queue of it can be opened any more. Told in the current
     * context, which is that of the error or of the reset.
     *
     * @param device the name of the device
     * @param requester its requester id
     * @param why one line
     */
    public void acceleratorIsolated(String device, int requester, String why) {
        if (on) {
            begin(SvaTelemetry.LOG_ACCELERATOR_ISOLATED, Severity.ERROR, requester)
                    .setAttribute(SvaAttributes.DEVICE, device)
                    .setBody("the accelerator is isolated: " + why)
                    .emit();
        }
    }

    private LogRecordBuilder begin(String name, Severity severity, int requester) {
        return logger.logRecordBuilder()
                .setEventName(name)
                .setSeverity(severity)
                .setSeverityText(severity.name())
                .setAttribute(SvaAttributes.REQUESTER, (long) requester);
    }
}
