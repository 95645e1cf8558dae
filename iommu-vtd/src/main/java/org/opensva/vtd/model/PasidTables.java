package org.opensva.vtd.model;

import org.jspecify.annotations.Nullable;
import org.opensva.api.memory.BusErrorException;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.vtd.layout.AddressWidth;
import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
import org.opensva.vtd.layout.FaultReason;
import org.opensva.vtd.layout.PasidDirectoryEntry;
import org.opensva.vtd.layout.PasidTableEntry;

/**
 * Reads PASID directories and PASID tables (sections 3.4.3, 9.5 and 9.6) and checks them in the
 * order of section 7.1.3: access, presence, reserved fields, programming.
 */
final class PasidTables {

    private final PhysicalMemory memory;
    private final long capability;
    private final int mgaw;
    private final boolean firstStage;
    private final boolean secondStage;
    private final boolean nested;
    private final boolean passThrough;
    private final boolean fiveLevel;
    private final long pointerBeyond;
    private final long directoryReserved;
    private final long reserved0;
    private final long reserved1;
    private final long reserved2;

    PasidTables(VtdProfile profile, PhysicalMemory memory) {
        this.memory = memory;
        capability = profile.capability();
        mgaw = Cap.mgaw(capability);
        firstStage = profile.ecap(Ecap.FSTS);
        secondStage = profile.ecap(Ecap.SSTS);
        nested = profile.ecap(Ecap.NEST);
        passThrough = profile.ecap(Ecap.PT);
        fiveLevel = profile.cap(Cap.FS5LP);
        pointerBeyond = profile.addressesBeyond() & -1L << 12;
        directoryReserved = ~PasidDirectoryEntry.STRUCTURE.definedBits(0) | pointerBeyond;
        // AW is ignored where it is not used: Linux writes it into first-stage entries too, and
        // recorded units without second stage take them.
        reserved0 =
                ~PasidTableEntry.STRUCTURE.definedBits(0)
                        | ReservedBits.unless(secondStage, PasidTableEntry.SSPTPTR)
                        | ReservedBits.unless(profile.ecap(Ecap.SSADS), PasidTableEntry.SSADE);
        reserved1 =
                ~PasidTableEntry.STRUCTURE.definedBits(1)
                        | ReservedBits.domain(PasidTableEntry.DID, capability)
                        | ReservedBits.unless(profile.ecap(Ecap.SMPWCS), PasidTableEntry.PWSNP)
                        | ReservedBits.unless(profile.ecap(Ecap.SC), PasidTableEntry.PGSNP)
                        | ReservedBits.unless(profile.ecap(Ecap.MTS), PasidTableEntry.CD)
                        | ReservedBits.unless(profile.ecap(Ecap.MTS), PasidTableEntry.EMTE)
                        | ReservedBits.unless(profile.ecap(Ecap.MTS), PasidTableEntry.PAT);
        boolean execute = profile.ecap(Ecap.ERS);
        reserved2 =
                ~(PasidTableEntry.STRUCTURE.definedBits(2)
                                | (execute ? PasidTableEntry.ERE.mask() : 0))
                        | ReservedBits.unless(profile.ecap(Ecap.SRS), PasidTableEntry.SRE)
                        | ReservedBits.unless(profile.ecap(Ecap.EAFS), PasidTableEntry.EAFE)
                        | ReservedBits.unless(firstStage, PasidTableEntry.FSPM)
                        | ReservedBits.unless(firstStage, PasidTableEntry.WPE)
                        | ReservedBits.unless(firstStage, PasidTableEntry.FSPTPTR);
    }

    /**
     * Finds the regime of a PASID.
     *
     * @param pasid within the directory of the context
     * @return the regime, or null after reporting to {@code request}
     */
    @Nullable Regime find(DeviceContext context, int pasid, Translation request) {
        long directory;
        try {
            directory =
                    memory.readLong(context.pasidDirectory() + PasidDirectoryEntry.offset(pasid));
        } catch (BusErrorException e) {
            request.fault(FaultReason.PASID_DIRECTORY_ACCESS);
            return null;
        }
        boolean disabled = PasidDirectoryEntry.faultsDisabled(directory);
        request.faultsDisabled |= disabled;
        if (!PasidDirectoryEntry.present(directory)) {
            request.fault(FaultReason.PASID_DIRECTORY_NOT_PRESENT);
            return null;
        }
        if ((directory & directoryReserved) != 0) {
            request.fault(FaultReason.PASID_DIRECTORY_RESERVED);
            return null;
        }
        long w0;
        long w1;
        long w2;
        long rest = 0;
        try {
            long at = PasidDirectoryEntry.pasidTable(directory) + PasidTableEntry.offset(pasid);
            // P first: software sets it last and clears it first.
            w0 = memory.readLong(at);
            w1 = memory.readLong(at + 8);
            w2 = memory.readLong(at + 16);
            for (int word = 3; word < PasidTableEntry.WORDS; word++) {
                rest |= memory.readLong(at + 8L * word);
            }
        } catch (BusErrorException e) {
            request.fault(FaultReason.PASID_ENTRY_ACCESS);
            return null;
        }
        request.faultsDisabled |= PasidTableEntry.faultsDisabled(w0);
        if (!PasidTableEntry.present(w0)) {
            request.fault(FaultReason.PASID_ENTRY_NOT_PRESENT);
            return null;
        }
        if ((w0 & reserved0 | w1 & reserved1 | w2 & reserved2 | rest) != 0
                || pointerReserved(w0, w2)) {
            request.fault(FaultReason.PASID_ENTRY_RESERVED);
            return null;
        }
        if (invalid(w0, w2)) {
            request.fault(FaultReason.PASID_ENTRY_INVALID);
            return null;
        }
        return request.recent.reload().ofPasid(pasid, disabled, w0, w1, w2, mgaw);
    }

    /** Whether a table pointer that the translation type uses is beyond the host address width. */
    private boolean pointerReserved(long w0, long w2) {
        return switch (PasidTableEntry.translationType(w0)) {
            case PasidTableEntry.PGTT_FIRST_STAGE -> (w2 & pointerBeyond) != 0;
            case PasidTableEntry.PGTT_SECOND_STAGE -> (w0 & pointerBeyond) != 0;
            case PasidTableEntry.PGTT_NESTED -> ((w0 | w2) & pointerBeyond) != 0;
            default -> false;
        };
    }

    private boolean invalid(long w0, long w2) {
        return switch (PasidTableEntry.translationType(w0)) {
            case PasidTableEntry.PGTT_FIRST_STAGE -> !firstStage || badMode(w2);
            case PasidTableEntry.PGTT_SECOND_STAGE -> !secondStage || badWidth(w0);
            case PasidTableEntry.PGTT_NESTED -> !nested || badMode(w2) || badWidth(w0);
            case PasidTableEntry.PGTT_PASS_THROUGH -> !passThrough;
            default -> true;
        };
    }

    private boolean badWidth(long w0) {
        return !AddressWidth.supported(PasidTableEntry.addressWidth(w0), capability);
    }

    private boolean badMode(long w2) {
        int mode = PasidTableEntry.firstStageMode(w2);
        return mode != PasidTableEntry.FSPM_4_LEVEL
                && !(mode == PasidTableEntry.FSPM_5_LEVEL && fiveLevel);
    }
}
