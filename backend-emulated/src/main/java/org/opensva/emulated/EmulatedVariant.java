package org.opensva.emulated;

import org.opensva.api.backend.BackendException;
import org.opensva.api.backend.BackendVariant;
import org.opensva.api.backend.Capability;
import org.opensva.emulated.kernel.paging.PagingMode;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;

/** The machines that the backend can be: what their devices and their IOMMU do about faults. */
enum EmulatedVariant {
    /** Devices with an ATC that make page requests. */
    SMMUV3("smmuv3", "SMMUv3, devices with ATS and PRI", true, true, false, PagingMode.ARM64_4K),
    /** Devices whose transactions stall until a fault is served, as on-chip accelerators do. */
    SMMUV3_STALL(
            "smmuv3-stall",
            "SMMUv3, devices that stall on a fault",
            false,
            false,
            true,
            PagingMode.ARM64_4K),
    /** Devices that can do neither: what is not there is an error of the device. */
    SMMUV3_NOATS(
            "smmuv3-noats",
            "SMMUv3, devices without ATS, PRI and stalls",
            false,
            false,
            false,
            PagingMode.ARM64_4K),
    /** As the first one, with pages of 16 KiB. */
    SMMUV3_16K(
            "smmuv3-16k",
            "SMMUv3, pages of 16 KiB, devices with ATS and PRI",
            true,
            true,
            false,
            PagingMode.ARM64_16K),
    /** As the first one, with pages of 64 KiB. */
    SMMUV3_64K(
            "smmuv3-64k",
            "SMMUv3, pages of 64 KiB, devices with ATS and PRI",
            true,
            true,
            false,
            PagingMode.ARM64_64K);

    private final String id;
    private final String title;
    private final boolean ats;
    private final boolean pri;
    private final boolean stall;
    private final PagingMode paging;

    EmulatedVariant(
            String id, String title, boolean ats, boolean pri, boolean stall, PagingMode paging) {
        this.id = id;
        this.title = title;
        this.ats = ats;
        this.pri = pri;
        this.stall = stall;
        this.paging = paging;
    }

    static EmulatedVariant of(BackendVariant variant) {
        return Arrays.stream(values())
                .filter(known -> known.id.equals(variant.name()))
                .findFirst()
                .orElseThrow(() ->
                        new BackendException(
                                "backend 'emulated' has no variant '%s'"
                                        .formatted(variant.name())));
    }

    String id() {
        return id;
    }

    BackendVariant describe() {
        return BackendVariant.available(id, title);
    }

    boolean ats() {
        return ats;
    }

    boolean pri() {
        return pri;
    }

    boolean stall() {
        return stall;
    }

    PagingMode paging() {
        return paging;
    }

    /** What a machine of this variant does, and no more. */
    Set<Capability> capabilities() {
        Set<Capability> claims =
                EnumSet.of(
                        Capability.FORK,
                        Capability.EXEC,
                        Capability.KILL,
                        Capability.SHARED_MEMORY,
                        Capability.FILE_TRUNCATE,
                        Capability.MREMAP,
                        Capability.MPROTECT,
                        Capability.DISCARD,
                        Capability.PAGEOUT,
                        Capability.TWO_DEVICES,
                        Capability.PASS_HANDLE,
                        Capability.PASID_VISIBLE,
                        Capability.STOP_PASID,
                        Capability.FAULT_RECORDS,
                        Capability.INTROSPECTION,
                        Capability.REMOVAL,
                        Capability.DIRECT_SUBMIT,
                        Capability.QUEUE_STATES,
                        Capability.REGIONS,
                        Capability.INSTANCES,
                        Capability.POLL);
        if (ats) {
            claims.add(Capability.ATS);
        }
        if (pri) {
            claims.add(Capability.PRI);
        }
        if (stall) {
            claims.add(Capability.STALL);
        }
        if (pri || stall) {
            claims.add(Capability.DEMAND_PAGING);
        }
        return claims;
    }
}
