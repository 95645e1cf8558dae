package org.opensva.conformance.tests;

import static org.opensva.conformance.rules.RuleId.FAULT_04;

import org.junit.jupiter.api.Test;
import org.opensva.api.memory.Protection;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.MapFlag;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.Covers;
import org.opensva.conformance.suite.RuleTests;
import org.opensva.conformance.suite.bench.BoundDevice;
import org.opensva.conformance.suite.bench.Memory;
import org.opensva.conformance.suite.bench.TestBench;

import java.util.Set;

/** Memory that grows when the process uses what is below it. */
@RuleTests
class StackTests {

    /** Linux leaves 256 pages between a stack and what is below. */
    private static final int ROOM = 1024;

    @Test
    @Covers(FAULT_04)
    void theDeviceDoesNotMakeAStackGrowAndUsesWhatTheProcessMadeOfIt(TestBench bench) {
        SvaProcess process = bench.process("owner of a stack");
        BoundDevice device = bench.device(process);
        long room = bench.map(process, ROOM);
        long top = room + bench.pages(ROOM - 2);
        process.munmap(room, bench.pages(ROOM));
        process.mmap(
                new MapRequest(
                        top,
                        bench.pages(2),
                        Protection.READ_WRITE,
                        false,
                        true,
                        MapRequest.ANONYMOUS,
                        0),
                Set.of(MapFlag.GROWSDOWN));
        Memory stack = bench.fill(process, top, 2, "the stack");
        device.mustRead(stack.page(0), stack.token(0), "the stack");
        for (int depth = 1; depth <= 4; depth++) {
            long below = top - bench.pages(depth);
            bench.step("the device goes %d pages below the stack", depth);
            device.mustNotReach(below, "below the stack");
            bench.step("the process does");
            try {
                process.storeLong(below, 0x57ac0000L + depth);
            } catch (CpuFaultException e) {
                throw bench.violation("the stack to grow for the process", e.toString());
            }
            device.mustRead(below, 0x57ac0000L + depth, "what the process put on the stack");
            device.mustWrite(below, 0x57ad0000L + depth, "the stack");
            bench.mustBe(0x57ad0000L + depth, process.loadLong(below), "what the device wrote");
        }
        stack.mustHold("the stack above");
    }
}
