package org.opensva.smmuv3.model;

import org.jspecify.annotations.Nullable;
import org.opensva.smmuv3.layout.EventRecord;
import org.opensva.smmuv3.layout.EventType;

/** Looks at a translation without moving data, which a port of a device cannot. */
final class SmmuTap {

    private SmmuTap() {}

    /**
     * The outcome of a translation.
     *
     * @param fault name of the event, ABORT, or nothing
     * @param stage 1 or 2 for the faults of a stage, else 0
     * @param purpose CLASS of the event
     * @param ipa intermediate address of a stage 2 fault
     * @param physical the output
     * @param attributes of the output, if they were asked for
     */
    record Result(
            String fault,
            int stage,
            int purpose,
            long ipa,
            long physical,
            @Nullable MemoryAttributes attributes) {}

    static Result translate(
            TestMachine machine, int pasid, int access, long address, boolean write, Lane lane) {
        return translate(machine, pasid, access, address, write, false, lane);
    }

    static Result translate(
            TestMachine machine,
            int pasid,
            int access,
            long address,
            boolean write,
            boolean attributes,
            Lane lane) {
        Translation request = lane.translation;
        request.begin(TestMachine.STREAM, pasid, access, write, false, address);
        if (attributes) {
            request.askForAttributes();
        }
        Translation.Outcome outcome = machine.smmu.tap(TestMachine.STREAM, request, lane);
        return switch (outcome) {
            case TRANSLATED ->
                    new Result(
                            "",
                            0,
                            0,
                            0,
                            request.output(),
                            attributes ? request.attributes() : null);
            case FAULT -> fault(request);
            case ABORT -> new Result("ABORT", 0, 0, 0, 0, null);
        };
    }

    private static Result fault(Translation request) {
        long word = request.eventWord1();
        boolean staged =
                switch (request.fault()) {
                    case F_TRANSLATION, F_ADDR_SIZE, F_ACCESS, F_PERMISSION, F_WALK_EABT -> true;
                    default -> false;
                };
        boolean second = EventRecord.S2.isSet(word);
        boolean located = second && request.fault() != EventType.F_WALK_EABT;
        return new Result(
                request.fault().name(),
                staged ? second ? 2 : 1 : 0,
                staged ? (int) EventRecord.CLASS.get(word) : 0,
                located ? request.eventWord3() : 0,
                0,
                null);
    }
}
