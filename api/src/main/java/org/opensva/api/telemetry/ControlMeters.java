package org.opensva.api.telemetry;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.DoubleHistogram;
import io.opentelemetry.api.metrics.Meter;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * The metrics of the control plane of a backend: invalidations by cache and size, page requests,
 * their answers, faults, PASIDs. It hears of hardware events as the sink before another one.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class ControlMeters implements HardwareEventSink, AutoCloseable {

    private final HardwareEventSink next;
    private final Meter meter;
    private final boolean on;
    private final long pageSize;
    private final DoubleHistogram requestDuration;
    private final SeriesTable invalidations;
    private final SeriesTable requests;
    private final SeriesTable responses;
    private final SeriesTable faults;
    private final List<AutoCloseable> instruments = new ArrayList<>();

    /**
     * Creates the instruments; {@link #observe} begins to observe them.
     *
     * @param telemetry where metrics go
     * @param next gets every event afterwards
     * @param backend the backend and variant
     * @param devices the names of devices by requester id
     * @param pageSize the size of the smallest page in bytes
     * @param pasids which PASIDs have series of their own
     */
    public ControlMeters(
            OpenTelemetry telemetry,
            HardwareEventSink next,
            String backend,
            Map<Integer, String> devices,
            long pageSize,
            PasidLimit pasids) {
        this.next = next;
        this.pageSize = pageSize;
        on = SvaTelemetry.recordsMetrics(telemetry);
        meter = telemetry.getMeter(SvaTelemetry.SCOPE);
        requestDuration = SvaMetric.PAGE_REQUEST_DURATION.histogram(meter);
        Attributes common = Attributes.of(SvaAttributes.BACKEND, backend);
        invalidations =
                new SeriesTable(
                        common,
                        devices,
                        pasids,
                        List.of(SvaAttributes.CACHE, SvaAttributes.SIZE_CLASS));
        requests = new SeriesTable(common, devices, pasids, List.of());
        responses = new SeriesTable(common, devices, pasids, List.of(SvaAttributes.STATUS));
        faults = new SeriesTable(common, devices, pasids, List.of(SvaAttributes.FAULT_TYPE));
    }

    /**
     * Creates what records nothing.
     *
     * @return meters that nobody reads
     */
    public static ControlMeters off() {
        return new ControlMeters(
                OpenTelemetry.noop(), HardwareEventSink.NONE, "", Map.of(), 0, PasidLimit.OFF);
    }

    /**
     * Where the parts of the backend send their events.
     *
     * @return this, or the next sink if nobody records metrics
     */
    public HardwareEventSink sink() {
        return on ? this : next;
    }

    /**
     * Begins to observe.
     *
     * @param pasidsInUse tells how many PASIDs are in use; asked when somebody collects
     */
    public void observe(LongSupplier pasidsInUse) {
        Attributes own = invalidations.common();
        instruments.add(SvaMetric.INVALIDATIONS.observe(meter, invalidations::observe));
        instruments.add(SvaMetric.PAGE_REQUESTS.observe(meter, requests::observe));
        instruments.add(SvaMetric.PAGE_RESPONSES.observe(meter, responses::observe));
        instruments.add(SvaMetric.FAULTS.observe(meter, faults::observe));
        instruments.add(
                SvaMetric.PASIDS.observe(
                        meter, points -> points.record(pasidsInUse.getAsLong(), own)));
    }

    @Override
    public void record(
            HardwareEvent.Kind kind, int requester, int pasid, long address, long length) {
        switch (kind) {
            case IOTLB_INVALIDATE ->
                    invalidations.of(requester, pasid, "iotlb", sizeClass(length)).add(1);
            case ATC_INVALIDATE ->
                    invalidations.of(requester, pasid, "atc", sizeClass(length)).add(1);
            case PAGE_REQUEST -> requests.of(requester, pasid, "", null).add(1);
            default -> {}
        }
        next.record(kind, requester, pasid, address, length);
    }

    private String sizeClass(long length) {
        return length < 0 ? "all" : length <= pageSize ? "page" : "range";
    }

    /**
     * A page-request group was answered.
     *
     * @param requester the requester id
     * @param pasid the PASID, or -1
     * @param code the name of the response code
     * @param nanos how long after its report, or -1 if that is not known
     */
    public void responded(int requester, int pasid, String code, long nanos) {
        if (on) {
            SeriesTable.Series series = responses.of(requester, pasid, code, null);
            series.add(1);
            if (nanos >= 0) {
                requestDuration.record(nanos * 1e-9, series.attributes());
            }
        }
    }

    /**
     * The IOMMU recorded a fault.
     *
     * @param requester the requester id
     * @param pasid the PASID, or -1
     * @param type the class of the fault
     */
    public void fault(int requester, int pasid, String type) {
        if (on) {
            faults.of(requester, pasid, type, null).add(1);
        }
    }

    /** Ends the observation. */
    @Override
    public void close() {
        SvaMetric.close(instruments);
    }
}
