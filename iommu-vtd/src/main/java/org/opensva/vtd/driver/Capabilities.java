package org.opensva.vtd.driver;

import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.PageSize;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.PageTable;
import org.opensva.api.process.PageTableFormat;
import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
import org.opensva.vtd.layout.Register;

import java.util.EnumSet;
import java.util.Set;

/**
 * What a remapping unit says it can do, as far as this driver cares (sections 11.4.2 and 11.4.3).
 *
 * @param cap CAP
 * @param ecap ECAP
 */
record Capabilities(long cap, long ecap) {

    /**
     * Reads the capabilities of a unit that Shared Virtual Addressing can use.
     *
     * @throws ErrnoException {@code ENODEV} with what is missing
     */
    static Capabilities probe(RegisterFrame registers) {
        long version = registers.read(Register.VER);
        Capabilities unit =
                new Capabilities(registers.read(Register.CAP), registers.read(Register.ECAP));
        String obstacle = unit.obstacle(version);
        if (!obstacle.isEmpty()) {
            throw new ErrnoException(Errno.ENODEV, "probe VT-d", obstacle);
        }
        return unit;
    }

    /** Why processes cannot be bound through this unit; empty if they can. */
    private String obstacle(long version) {
        if (version == 0 || version == 0xffff_ffffL || cap == -1L || ecap == -1L) {
            return "no remapping unit answers: VER 0x%x, CAP 0x%x".formatted(version, cap);
        }
        if (!Ecap.QI.isSet(ecap)) {
            return "no queued invalidation (ECAP.QI): device-TLBs cannot be invalidated";
        }
        if (!Ecap.SMTS.isSet(ecap)) {
            return "no scalable mode (ECAP.SMTS): there are no PASID tables";
        }
        if (!Ecap.FSTS.isSet(ecap)) {
            return "no first-stage translation (ECAP.FSTS): page tables of processes cannot be"
                    + " walked";
        }
        if (!Ecap.PASID.isSet(ecap)) {
            return "no requests with PASID (ECAP.PASID)";
        }
        if (!Ecap.SMPWCS.isSet(ecap) || !Ecap.C.isSet(ecap)) {
            return "table walks are not coherent with the processor's caches (ECAP.SMPWCS, ECAP.C)";
        }
        return "";
    }

    /**
     * Whether the unit can walk the tables of a process (Linux: {@code intel_svm_check}); empty if
     * so, otherwise why not.
     */
    String obstacle(PageTable tables) {
        if (!formats().contains(tables.format())) {
            return tables.format() == PageTableFormat.X86_64_5LEVEL
                    ? "the unit has no 5-level paging (CAP.FS5LP)"
                    : "VT-d walks x86-64 tables, not " + tables.format();
        }
        if (tables.granule() != PageSize.SIZE_4K) {
            return "x86-64 tables have pages of 4096 bytes, not " + tables.granule().bytes();
        }
        // Any process may get pages of 1 GiB; a unit that cannot walk them faults on each.
        return Cap.FS1GP.isSet(cap) ? "" : "the unit has no 1 GiB pages (CAP.FS1GP)";
    }

    Set<PageTableFormat> formats() {
        EnumSet<PageTableFormat> formats = EnumSet.of(PageTableFormat.X86_64_4LEVEL);
        if (Cap.FS5LP.isSet(cap)) {
            formats.add(PageTableFormat.X86_64_5LEVEL);
        }
        return formats;
    }

    int pasidBits() {
        return Math.min(Ecap.pasidBits(ecap), Pasid.BITS);
    }

    int domainIdBits() {
        return Math.min(Cap.domainIdBits(cap), 16);
    }

    boolean deviceTlbs() {
        return Ecap.DT.isSet(ecap);
    }

    /**
     * Page requests without a way to drain them would outlive their PASID, so that both are needed
     * (Linux: {@code intel_iommu_enable_iopf}).
     */
    boolean pageRequests() {
        return Ecap.PRS.isSet(ecap) && Ecap.PDS.isSet(ecap);
    }

    boolean executeRequests() {
        return Ecap.ERS.isSet(ecap);
    }

    /** Entries that are not present may be cached: each becomes visible by invalidation only. */
    boolean cachingMode() {
        return Cap.CM.isSet(cap);
    }

    /** Device-TLB invalidations name the physical function, for which throttling counts. */
    boolean invalidationThrottle() {
        return Ecap.DIT.isSet(ecap);
    }

    boolean abortMode() {
        return Ecap.ADMS.isSet(ecap);
    }

    /** The greatest order of a page-selective invalidation, or -1 if there is none. */
    int pageSelectiveOrder() {
        return Cap.PSI.isSet(cap) ? (int) Cap.MAMV.get(cap) : -1;
    }

    int faultRecords() {
        return Cap.faultRecords(cap);
    }
}
