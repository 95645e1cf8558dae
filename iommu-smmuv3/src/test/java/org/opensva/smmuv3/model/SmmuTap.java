package org.opensva.smmuv3.model;

/** Looks at a translation without moving data, which a port of a device cannot. */
final class SmmuTap {

    private SmmuTap() {}

    /** The outcome of a translation: the name of the fault or nothing, and the address. */
    record Result(String fault, long physical) {}

    static Result translate(
            TestMachine machine, int pasid, int access, long address, boolean write, Lane lane) {
        Translation request = lane.translation;
        request.begin(TestMachine.STREAM, pasid, access, write, false, address);
        Translation.Outcome outcome = machine.smmu.tap(TestMachine.STREAM, request, lane);
        return switch (outcome) {
            case TRANSLATED -> new Result("", request.output());
            case FAULT -> new Result(request.fault().name(), 0);
            case ABORT -> new Result("ABORT", 0);
        };
    }
}
