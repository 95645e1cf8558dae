package org.opensva.smmuv3.driver;

import io.opentelemetry.api.OpenTelemetry;

import org.opensva.api.iommu.FaultRecord;
import org.opensva.api.process.PageTable;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.api.telemetry.InvalidationTrace;
import org.opensva.smmuv3.layout.Command;
import org.opensva.smmuv3.layout.Opcode;
import org.opensva.smmuv3.layout.Register;
import org.opensva.smmuv3.layout.TableAndQueueRegisters.CmdqBase;

import java.util.ArrayList;
import java.util.List;

/** The parts of a driver, taken apart so that a test has each in its hands. */
final class DriverParts {

    final FlatMemory memory = new FlatMemory();
    final RecordingSmmu smmu = new RecordingSmmu(memory, true);
    final SmmuV3Driver driver =
            new SmmuV3Driver(smmu, memory, memory, HardwareEventSink.NONE, OpenTelemetry.noop());
    final DriverContext context = context();
    final CommandQueue queue = context.commands();
    final List<FaultRecord> faults = new ArrayList<>();

    DriverParts() {
        driver.onFault(faults::add);
    }

    private DriverContext context() {
        RegisterFrame registers = new RegisterFrame(smmu);
        Identity identity = Identity.probe(registers);
        int log2Size = identity.commandQueueBits();
        long base = memory.allocate(0);
        registers.write(
                Register.CMDQ_BASE,
                CmdqBase.ADDR.address(base) | CmdqBase.LOG2SIZE.place(log2Size));
        registers.write(Register.CMDQ_CONS, 0);
        registers.write(Register.CMDQ_PROD, 0);
        return new DriverContext(
                identity,
                memory,
                memory,
                new CommandQueue(registers, memory, base, log2Size, System::nanoTime),
                new Invalidations(true),
                new AsidAllocator(8, false),
                new StreamTable(memory, memory, 16, true),
                HardwareEventSink.NONE,
                new InvalidationTrace(OpenTelemetry.noop()));
    }

    SmmuDevice device(int streamId) {
        FakeDevice function = new FakeDevice("zip-" + streamId, streamId, true);
        return new SmmuDevice(context, driver, function, (from, group) -> {});
    }

    SmmuDomain domain(long id) {
        FakeAddressSpace mm = new FakeAddressSpace(id, 0x4100_0000L);
        PageTable tables = mm.pageTable().orElseThrow();
        return new SmmuDomain(context, mm, tables);
    }

    /** The streams whose ATCs were asked, in order. */
    List<Integer> asked() {
        return smmu.seen.stream()
                .filter(command -> command.opcode() == Opcode.ATC_INV)
                .map(command -> Command.streamId(command.w0()))
                .toList();
    }

    /** What the SMMU is given while something happens. */
    List<Opcode> commandsOf(Runnable action) {
        smmu.seen.clear();
        action.run();
        return smmu.opcodes();
    }
}
