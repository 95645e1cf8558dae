package org.opensva.conformance.cli.inspect.smmuv3;

import org.jspecify.annotations.Nullable;
import org.opensva.api.ats.AgentPort;
import org.opensva.api.iommu.RequesterId;
import org.opensva.conformance.cli.replay.SilentDevice;
import org.opensva.conformance.inspect.DataWatch;
import org.opensva.conformance.inspect.Explanation.Access;
import org.opensva.conformance.inspect.Explanation.Kind;
import org.opensva.conformance.inspect.Seen;
import org.opensva.conformance.replay.RecordedMemory;
import org.opensva.conformance.replay.Recording;
import org.opensva.smmuv3.layout.ControlRegisters.Cr0;
import org.opensva.smmuv3.layout.ControlRegisters.Gbpa;
import org.opensva.smmuv3.layout.ControlRegisters.IrqCtrl;
import org.opensva.smmuv3.layout.EventRecord;
import org.opensva.smmuv3.layout.EventType;
import org.opensva.smmuv3.layout.Register;
import org.opensva.smmuv3.layout.TableAndQueueRegisters.EventqBase;
import org.opensva.smmuv3.layout.TableAndQueueRegisters.OutputQueueProd;
import org.opensva.smmuv3.model.SmmuInterrupts;
import org.opensva.smmuv3.model.SmmuProfile;
import org.opensva.smmuv3.model.SmmuV3;

import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Has the model do an access on a copy of a snapshot. The Command queue stays off, so that nothing
 * of what waits in it happens; events go to a queue of their own.
 */
public final class ModelRun {

    private static final int QUEUE_LOG2 = 4;

    private ModelRun() {}

    /**
     * Carries an access of one byte out.
     *
     * @param state the snapshot; not changed
     * @param access the access
     * @return what came of it
     * @throws IllegalArgumentException if the model cannot be this SMMU; the message names the
     *     claim
     */
    public static Seen run(Snapshot state, Access access) {
        SmmuProfile profile =
                SmmuProfile.sva()
                        .withCaches(1 << 4, 1 << 4, 1 << 4)
                        .withIdentification(
                                state.get(Register.IDR0),
                                state.get(Register.IDR1),
                                state.get(Register.IDR3),
                                state.get(Register.IDR5),
                                state.get(Register.IIDR),
                                state.get(Register.AIDR));
        long queue = free(state);
        RecordedMemory copy =
                state.memory().copy(List.of(new Recording.Ram(queue, RecordedMemory.PAGE_BYTES)));
        DataWatch memory = new DataWatch(copy, queue);
        Unblock unblock = new Unblock();
        try (SmmuV3 smmu = new SmmuV3(profile, memory, unblock, System::nanoTime)) {
            unblock.of(smmu);
            load(smmu, state, queue);
            AgentPort port = smmu.connect(new RequesterId(access.requester()), new SilentDevice());
            // Where the data went is what counts, not whether there is memory.
            carryOut(port, access);
            unblock.await();
            boolean nothing =
                    OutputQueueProd.WR.get(smmu.read(Register.EVENTQ_PROD.offset(), 4)) == 0;
            EventType event =
                    nothing ? null : EventType.of(EventRecord.number(copy.readLong(queue)));
            return new Seen(memory.touched(), event == null ? null : event.name());
        }
    }

    private static long carryOut(AgentPort port, Access access) {
        int bits =
                (access.privileged() ? org.opensva.api.memory.Access.PRIVILEGED : 0)
                        | switch (access.kind()) {
                            case READ -> org.opensva.api.memory.Access.READ;
                            case WRITE -> org.opensva.api.memory.Access.WRITE;
                            case EXECUTE -> org.opensva.api.memory.Access.EXECUTE;
                        };
        byte[] data = new byte[1];
        return access.kind() == Kind.WRITE
                ? port.write(access.pasid(), bits, access.address(), data, 0, 1)
                : port.read(access.pasid(), bits, access.address(), data, 0, 1);
    }

    /** A page without memory, within the output address size. */
    private static long free(Snapshot state) {
        long page = (1L << state.addressBits()) - RecordedMemory.PAGE_BYTES;
        while (page > 0 && state.memory().contains(page, 1)) {
            page >>>= 1;
            page &= -RecordedMemory.PAGE_BYTES;
        }
        return page;
    }

    private static void load(SmmuV3 smmu, Snapshot state, long queue) {
        for (Register register :
                List.of(
                        Register.CR1,
                        Register.CR2,
                        Register.STRTAB_BASE,
                        Register.STRTAB_BASE_CFG)) {
            smmu.write(register.offset(), register.bytes(), state.get(register));
        }
        smmu.write(Register.GBPA.offset(), 4, state.get(Register.GBPA) | Gbpa.UPDATE.mask());
        smmu.write(Register.EVENTQ_BASE.offset(), 8, queue | EventqBase.LOG2SIZE.place(QUEUE_LOG2));
        smmu.write(Register.IRQ_CTRL.offset(), 4, IrqCtrl.EVENTQ_IRQEN.mask());
        long keep = Cr0.SMMUEN.mask() | Cr0.ATSCHK.mask();
        smmu.write(Register.CR0.offset(), 4, state.get(Register.CR0) & keep | Cr0.EVENTQEN.mask());
    }

    /**
     * Ends the access if it stalls: no software is there to answer. An event has been recorded when
     * the line is raised, so that closing then loses nothing.
     */
    private static final class Unblock implements SmmuInterrupts {
        private final AtomicReference<@Nullable SmmuV3> smmu = new AtomicReference<>();
        private final AtomicReference<@Nullable Thread> closing = new AtomicReference<>();

        void of(SmmuV3 model) {
            smmu.set(model);
        }

        @Override
        public void wired(Wire wire) {
            SmmuV3 model = smmu.get();
            if (wire == Wire.EVENTQ && model != null) {
                closing.set(Thread.ofVirtual().start(model::close));
            }
        }

        @Override
        public void message(long address, int data) {}

        void await() {
            Thread thread = closing.get();
            if (thread == null) {
                return;
            }
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
