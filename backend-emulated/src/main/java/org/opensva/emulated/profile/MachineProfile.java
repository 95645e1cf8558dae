package org.opensva.emulated.profile;

import org.opensva.api.ats.EndpointConfig;
import org.opensva.api.backend.Capability;
import org.opensva.emulated.kernel.paging.PagingMode;

import java.util.EnumSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * What a machine is made of.
 *
 * @param name the name of the variant, lower case
 * @param title what it is, in a few words
 * @param memory bytes of physical memory
 * @param paging how page tables are written
 * @param iommus the IOMMUs, at least one; each device is behind one of them
 * @param devices the devices, at least one
 * @param torment the seed of memory pressure from the start, from 0; empty for none
 * @param digest SHA-256 of the document that says so, in hexadecimal: what {@code sha256sum} prints
 *     for its file
 */
public record MachineProfile(
        String name,
        String title,
        long memory,
        PagingMode paging,
        List<IommuInstance> iommus,
        List<EndpointConfig> devices,
        OptionalLong torment,
        String digest) {

    /** With so few bits a test can take every number. */
    private static final int NARROW_PASID_BITS = 8;

    /** Copies the lists. */
    public MachineProfile {
        iommus = List.copyOf(iommus);
        devices = List.copyOf(devices);
    }

    /**
     * Where memory begins: at 2 GiB, as on Arm's own platforms, and at 4 GiB on x86-64, where
     * 0xFEEx xxxx below it means interrupts and no page may lie there. Address 0 is never memory.
     *
     * @return a physical address
     */
    public long memoryBase() {
        return paging.isArm() ? 0x8000_0000L : 0x1_0000_0000L;
    }

    /**
     * The same machine with other memory.
     *
     * @param bytes bytes of physical memory
     * @return the profile
     */
    public MachineProfile withMemory(long bytes) {
        return new MachineProfile(name, title, bytes, paging, iommus, devices, torment, digest);
    }

    /**
     * The same machine with other IOMMUs at the same places.
     *
     * @param change makes an IOMMU of each, of the same kind: page tables stay as they are
     * @return the profile
     */
    public MachineProfile withIommus(UnaryOperator<IommuProfile> change) {
        List<IommuInstance> changed =
                iommus.stream()
                        .map(one -> new IommuInstance(change.apply(one.profile()), one.devices()))
                        .toList();
        return new MachineProfile(name, title, memory, paging, changed, devices, torment, digest);
    }

    /**
     * The same machine with other devices.
     *
     * @param others the devices
     * @return the profile
     */
    public MachineProfile withDevices(List<EndpointConfig> others) {
        return new MachineProfile(name, title, memory, paging, iommus, others, torment, digest);
    }

    /**
     * Finds the IOMMU of a device.
     *
     * @param device one of the devices
     * @return its position among the IOMMUs
     */
    public int iommuOf(EndpointConfig device) {
        for (int i = 0; i < iommus.size(); i++) {
            if (iommus.get(i).devices().contains(device.name())) {
                return i;
            }
        }
        throw new IllegalArgumentException(device.name() + " is behind no IOMMU");
    }

    /**
     * What the machine does, and no more: a claim about devices holds for each of them.
     *
     * @return the capabilities
     */
    public Set<Capability> capabilities() {
        Set<Capability> claims =
                EnumSet.of(
                        Capability.FORK,
                        Capability.EXEC,
                        Capability.KILL,
                        Capability.THREADS,
                        Capability.SHARED_MEMORY,
                        Capability.FILE_TRUNCATE,
                        Capability.HOLE_PUNCH,
                        Capability.WRITE_BACK,
                        Capability.MEMORY_LOCK,
                        Capability.GROWING_STACKS,
                        Capability.MREMAP,
                        Capability.MPROTECT,
                        Capability.DISCARD,
                        Capability.PAGEOUT,
                        Capability.PASS_HANDLE,
                        Capability.PASID_VISIBLE,
                        Capability.STOP_PASID,
                        Capability.FAULT_RECORDS,
                        Capability.INTROSPECTION,
                        Capability.REMOVAL,
                        Capability.ISOLATION,
                        Capability.ERROR_INJECTION,
                        Capability.RESET,
                        Capability.SYSFS,
                        Capability.VIRTUAL_FUNCTIONS,
                        Capability.SHARED_QUEUES,
                        Capability.BATCH_SUBMIT,
                        Capability.QUEUE_PRIORITIES,
                        Capability.DIRECT_SUBMIT,
                        Capability.QUEUE_STATES,
                        Capability.REGIONS,
                        Capability.INSTANCES,
                        Capability.POLL);
        if (devices.size() > 1) {
            claims.add(Capability.TWO_DEVICES);
        }
        if (iommus.size() > 1) {
            claims.add(Capability.SECOND_IOMMU);
        }
        if (devices.stream().allMatch(EndpointConfig::ats)) {
            claims.add(Capability.ATS);
        }
        if (devices.stream().allMatch(EndpointConfig::pri)) {
            claims.add(Capability.PRI);
        }
        if (devices.stream().allMatch(EndpointConfig::stall)) {
            claims.add(Capability.STALL);
        }
        if (devices.stream().allMatch(device -> device.pri() || device.stall())) {
            claims.add(Capability.DEMAND_PAGING);
        }
        if (devices.stream().anyMatch(device -> device.pasidBits() <= NARROW_PASID_BITS)) {
            claims.add(Capability.PASID_LIMIT);
        }
        return claims;
    }
}
