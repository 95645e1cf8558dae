package org.opensva.vtd.driver;

import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.memory.Access;
import org.opensva.vtd.layout.EventRegisters.Fsts;
import org.opensva.vtd.layout.FaultReason;
import org.opensva.vtd.layout.FaultRecord;
import org.opensva.vtd.layout.Register;
import org.opensva.vtd.layout.RelocatedRegister;

import java.util.function.Consumer;

/**
 * Reads the fault recording registers, which the hardware fills in a ring (section 7.3.1; Linux:
 * {@code dmar_fault}), and says what they mean in neutral form.
 */
final class FaultHandler {

    private final RegisterFrame registers;
    private final Capabilities unit;
    private final Consumer<org.opensva.api.iommu.FaultRecord> listener;

    FaultHandler(
            RegisterFrame registers,
            Capabilities unit,
            Consumer<org.opensva.api.iommu.FaultRecord> listener) {
        this.registers = registers;
        this.unit = unit;
        this.listener = listener;
    }

    /**
     * Handles what is recorded now. A status that speaks of records where none is ends the reading:
     * what comes later is an event of its own.
     */
    synchronized void drain() {
        long status = registers.faultStatus();
        boolean found = true;
        while (found && (Fsts.PPF.isSet(status) || Fsts.PFO.isSet(status))) {
            found = readRecords((int) Fsts.FRI.get(status));
            if (Fsts.PFO.isSet(status)) {
                // Faults were lost for want of a free record; the next finds one again.
                registers.write(Register.FSTS, Fsts.PFO.mask());
            }
            status = registers.faultStatus();
        }
    }

    private boolean readRecords(int first) {
        int records = unit.faultRecords();
        int index = first < records ? first : 0;
        boolean found = false;
        while (true) {
            long high = registers.read(RelocatedRegister.FRCD_HI, unit, index);
            if (!FaultRecord.F.isSet(high)) {
                return found;
            }
            found = true;
            long low = registers.read(RelocatedRegister.FRCD_LO, unit, index);
            registers.write(RelocatedRegister.FRCD_HI, unit, index, FaultRecord.F.mask());
            listener.accept(record(low, high));
            index = (index + 1) % records;
        }
    }

    private static org.opensva.api.iommu.FaultRecord record(long low, long high) {
        int number = FaultRecord.reason(high);
        FaultReason reason = FaultReason.of(number);
        boolean hasPasid = FaultRecord.PP.isSet(high);
        boolean isDma = reason == null || reason.kind() != FaultReason.Kind.INTERRUPT;
        return new org.opensva.api.iommu.FaultRecord(
                FaultKinds.of(reason),
                new RequesterId(FaultRecord.sourceId(high)),
                hasPasid ? FaultRecord.pasid(high) : Pasid.NONE,
                isDma ? FaultRecord.address(low) : 0,
                isDma ? access(high, hasPasid) : 0,
                reason == null ? "fault reason 0x%02x".formatted(number) : reason.name());
    }

    private static int access(long high, boolean hasPasid) {
        int access =
                switch (FaultRecord.type(high)) {
                    case FaultRecord.TYPE_WRITE -> Access.WRITE;
                    case FaultRecord.TYPE_READ -> Access.READ;
                    case FaultRecord.TYPE_ATOMIC -> Access.READ | Access.WRITE;
                    default -> 0;
                };
        if (hasPasid && FaultRecord.EXE.isSet(high)) {
            access |= Access.EXECUTE;
        }
        return hasPasid && FaultRecord.PRIV.isSet(high) ? access | Access.PRIVILEGED : access;
    }
}
