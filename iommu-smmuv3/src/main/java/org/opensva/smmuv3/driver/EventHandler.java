package org.opensva.smmuv3.driver;

import org.opensva.api.iommu.FaultRecord;
import org.opensva.api.iommu.PageFault;
import org.opensva.api.iommu.PageFaultGroup;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.memory.Access;
import org.opensva.smmuv3.layout.CommandEncoder;
import org.opensva.smmuv3.layout.EventRecord;
import org.opensva.smmuv3.layout.EventType;
import org.opensva.smmuv3.layout.Field;

import java.util.List;

/**
 * Reads the event queue (Arm IHI 0070 G.b section 7.3; Linux: {@code arm_smmu_evtq_thread}):
 * stalled transactions become page fault groups of one, everything else becomes a fault record.
 */
final class EventHandler {

    private final SmmuV3Driver driver;
    private final OutputQueue queue;
    private final CommandQueue commands;
    private final long[] record = new long[EventRecord.WORDS];

    EventHandler(SmmuV3Driver driver, OutputQueue queue, CommandQueue commands) {
        this.driver = driver;
        this.queue = queue;
        this.commands = commands;
    }

    /** Handles what is in the queue now. */
    synchronized void drain() {
        while (queue.poll(record)) {
            handle();
        }
        // Stalled transactions are never lost: the SMMU records them when there is room again
        // (section 7.2).
        if (queue.acknowledgeOverflow()) {
            driver.reportLost();
        }
    }

    private void handle() {
        EventType type = EventType.of(EventRecord.number(record[0]));
        int streamId = EventRecord.streamId(record[0]);
        // C_BAD_SUBSTREAMID has no SSV bit: its SubstreamID is always valid (section 7.3.5).
        boolean ssv = type == EventType.C_BAD_SUBSTREAMID || EventRecord.SSV.isSet(record[0]);
        int pasid = ssv ? EventRecord.substreamId(record[0]) : Pasid.NONE;
        if (type != null && type.mayStall() && EventRecord.STALL.isSet(record[1])) {
            stalled(streamId, pasid);
            return;
        }
        driver.report(
                type == null
                        ? new FaultRecord(
                                FaultRecord.Kind.UNSUPPORTED_REQUEST,
                                new RequesterId(streamId),
                                pasid,
                                0,
                                0,
                                "event 0x%02x".formatted(EventRecord.number(record[0])))
                        : new FaultRecord(
                                kind(type),
                                new RequesterId(streamId),
                                pasid,
                                record[2] & addressMask(type),
                                access(type, record[1]),
                                type.name()));
    }

    private void stalled(int streamId, int pasid) {
        int tag = EventRecord.stag(record[1]);
        SmmuDevice device = driver.device(streamId);
        if (device == null) {
            CommandBatch batch = new CommandBatch();
            CommandEncoder.resume(batch.words(), batch.next(), streamId, tag, false, true);
            commands.submit(batch);
            return;
        }
        device.report(
                new PageFaultGroup(
                        new RequesterId(streamId),
                        pasid,
                        tag,
                        true,
                        List.of(new PageFault(record[2], transaction(record[1])))));
    }

    private static long addressMask(EventType type) {
        return switch (type) {
            case F_UUT,
                    F_TRANSL_FORBIDDEN,
                    F_WALK_EABT,
                    F_TRANSLATION,
                    F_ADDR_SIZE,
                    F_ACCESS,
                    F_PERMISSION,
                    F_TLB_CONFLICT ->
                    EventRecord.INPUTADDR.mask();
            case F_BAD_ATS_TREQ, E_PAGE_REQUEST -> EventRecord.INPUT_PAGE.mask();
            default -> 0;
        };
    }

    /**
     * What the record says of the access: translation requests and hints have bits of their own.
     */
    private static int access(EventType type, long w1) {
        return switch (type) {
            case F_BAD_ATS_TREQ ->
                    requested(w1, EventRecord.TREQ_R, EventRecord.TREQ_W, EventRecord.TREQ_X)
                            | (EventRecord.TREQ_P.isSet(w1) ? Access.PRIVILEGED : 0);
            case E_PAGE_REQUEST -> {
                int user =
                        requested(
                                w1, EventRecord.HINT_UR, EventRecord.HINT_UW, EventRecord.HINT_UX);
                int privileged =
                        requested(
                                w1, EventRecord.HINT_PR, EventRecord.HINT_PW, EventRecord.HINT_PX);
                yield privileged == 0 ? user : user | privileged | Access.PRIVILEGED;
            }
            default -> addressMask(type) == 0 ? 0 : transaction(w1);
        };
    }

    private static int requested(long w1, Field read, Field write, Field execute) {
        return (read.isSet(w1) ? Access.READ : 0)
                | (write.isSet(w1) ? Access.WRITE : 0)
                | (execute.isSet(w1) ? Access.EXECUTE : 0);
    }

    private static int transaction(long w1) {
        return (EventRecord.RNW.isSet(w1) ? Access.READ : Access.WRITE)
                | (EventRecord.IND.isSet(w1) ? Access.EXECUTE : 0)
                | (EventRecord.PNU.isSet(w1) ? Access.PRIVILEGED : 0);
    }

    private static FaultRecord.Kind kind(EventType type) {
        return switch (type) {
            case F_TRANSLATION, F_TLB_CONFLICT, E_PAGE_REQUEST -> FaultRecord.Kind.TRANSLATION;
            case F_PERMISSION -> FaultRecord.Kind.PERMISSION;
            case F_ACCESS -> FaultRecord.Kind.ACCESS_FLAG;
            case F_ADDR_SIZE -> FaultRecord.Kind.ADDRESS_SIZE;
            case C_BAD_STREAMID, C_BAD_STE, F_STREAM_DISABLED, F_CFG_CONFLICT ->
                    FaultRecord.Kind.DEVICE_CONFIGURATION;
            case C_BAD_SUBSTREAMID, C_BAD_CD -> FaultRecord.Kind.PASID_CONFIGURATION;
            case F_STE_FETCH, F_CD_FETCH, F_WALK_EABT, F_VMS_FETCH ->
                    FaultRecord.Kind.EXTERNAL_ABORT;
            case F_UUT, F_BAD_ATS_TREQ, F_TRANSL_FORBIDDEN -> FaultRecord.Kind.UNSUPPORTED_REQUEST;
        };
    }
}
