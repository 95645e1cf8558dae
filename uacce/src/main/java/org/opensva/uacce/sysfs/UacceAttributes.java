package org.opensva.uacce.sysfs;

import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.AcceleratorInfo;
import org.opensva.api.accelerator.QueueRegion;
import org.opensva.api.accelerator.SysfsTree;
import org.opensva.api.accelerator.VirtualFunctions;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.uacce.cdev.Isolation;

import java.util.OptionalLong;
import java.util.function.BooleanSupplier;

/**
 * The files of {@code /sys/class/uacce/<name>/}, and under {@code device/} those of the function on
 * the bus that have to do with its use.
 *
 * <p>{@code isolate_strategy} of a virtual function can be read but not written ({@code EPERM}):
 * the physical function owns the threshold.
 */
public final class UacceAttributes {

    private final Accelerator device;
    private final Isolation isolation;
    private final boolean physical;

    private UacceAttributes(Accelerator device, Isolation isolation, boolean physical) {
        this.device = device;
        this.isolation = isolation;
        this.physical = physical;
    }

    /**
     * Makes the tree of a device.
     *
     * @param device whose attributes they are
     * @param isolation whether it is trusted
     * @param physical false for a virtual function
     * @param present tells whether the device is there; its files are gone with it
     * @return the tree
     */
    public static SysfsTree of(
            Accelerator device, Isolation isolation, boolean physical, BooleanSupplier present) {
        return new UacceAttributes(device, isolation, physical).tree(present);
    }

    private SysfsTree tree(BooleanSupplier present) {
        AcceleratorInfo info = device.info();
        AttributeTree tree =
                new AttributeTree("/sys/class/uacce/" + device.name(), present)
                        .readOnly("api", info::api)
                        .readOnly("flags", () -> info.sva() ? "1" : "0")
                        .readOnly(
                                "available_instances",
                                () -> Integer.toString(device.availableInstances()))
                        .readOnly("algorithms", () -> String.join("\n", info.algorithms()))
                        .readOnly("isolate", () -> isolation.isIsolated() ? "1" : "0")
                        .readWrite(
                                "isolate_strategy",
                                () -> Integer.toString(isolation.threshold()),
                                this::storeStrategy)
                        .readOnly("device/uevent", () -> "PCI_SLOT_NAME=0000:" + device.requester())
                        .writeOnly("device/reset", this::storeReset)
                        .writeOnly("device/remove", this::storeRemove);
        addRegion(tree, info, QueueRegion.MMIO, "region_mmio_size");
        addRegion(tree, info, QueueRegion.SHARED, "region_dus_size");
        device.virtualFunctions()
                .ifPresent(functions ->
                        tree.readOnly(
                                        "device/sriov_totalvfs",
                                        () -> Integer.toString(functions.total()))
                                .readWrite(
                                        "device/sriov_numvfs",
                                        () -> Integer.toString(functions.enabled().size()),
                                        text -> storeFunctions(functions, text)));
        return tree;
    }

    /** A region that does not exist has no file ({@code uacce_dev_is_visible}). */
    private static void addRegion(
            AttributeTree tree, AcceleratorInfo info, QueueRegion region, String file) {
        Long size = info.regionSizes().get(region);
        if (size != null && size > 0) {
            tree.readOnly(file, () -> Long.toString(size));
        }
    }

    /** {@code isolate_strategy_store}, then {@code hisi_qm_isolate_threshold_write}. */
    private void storeStrategy(String text) {
        String call = call("isolate_strategy");
        long value = number(text, call);
        if (value > Isolation.MAX_THRESHOLD) {
            throw new ErrnoException(Errno.EINVAL, call, value + " is above the maximum");
        }
        if (!physical) {
            throw new ErrnoException(
                    Errno.EPERM, call, "the threshold belongs to the physical function");
        }
        isolation.setThreshold(value, call);
    }

    /** {@code reset_store} of {@code drivers/pci/pci-sysfs.c}: 1 and nothing else. */
    private void storeReset(String text) {
        String call = call("device/reset");
        if (number(text, call) != 1) {
            throw new ErrnoException(Errno.EINVAL, call, "only 1 means something here");
        }
        device.reset();
    }

    /** {@code remove_store} of {@code drivers/pci/pci-sysfs.c}: anything but 0. */
    private void storeRemove(String text) {
        if (number(text, call("device/remove")) != 0) {
            device.remove();
        }
    }

    /** {@code sriov_numvfs_store} of {@code drivers/pci/iov.c}: 16 bits. */
    private void storeFunctions(VirtualFunctions functions, String text) {
        String call = call("device/sriov_numvfs");
        long count = number(text, call);
        if (count > functions.total()) {
            throw new ErrnoException(
                    Errno.ERANGE, call, "there can be " + functions.total() + " at most");
        }
        functions.enable((int) count);
    }

    private static long number(String text, String call) {
        OptionalLong value = KernelNumber.parse(text);
        if (value.isEmpty()) {
            throw new ErrnoException(Errno.EINVAL, call, "that is no number");
        }
        return value.getAsLong();
    }

    private String call(String file) {
        return "write(/sys/class/uacce/" + device.name() + "/" + file + ")";
    }
}
