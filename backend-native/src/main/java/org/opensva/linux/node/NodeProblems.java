package org.opensva.linux.node;

import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;

/**
 * What it means when the kernel refuses to open a queue: {@code uacce_fops_open} and {@code
 * idxd_cdev_open} hand on what {@code iommu_sva_bind_device} answers.
 */
public final class NodeProblems {

    private NodeProblems() {}

    /**
     * Says why a queue could not be opened.
     *
     * @param refusal what the kernel answered
     * @param name of the device
     * @return the same error with a cause in words
     */
    public static ErrnoException explained(ErrnoException refusal, String name) {
        ErrnoException told =
                new ErrnoException(refusal.errno(), "open(" + name + ")", cause(refusal.errno()));
        told.initCause(refusal);
        return told;
    }

    /**
     * The cause that an error stands for.
     *
     * @param errno what opening a node answered
     * @return a few words
     */
    public static String cause(Errno errno) {
        return switch (errno) {
            case ENOENT -> "there is no such node: the device is gone, or udev did not make it";
            case EACCES, EPERM ->
                    "the node may not be opened by this user: give its group access by a rule of"
                            + " udev, or run as root";
            case EBUSY ->
                    "no queue is free: a dedicated work queue has one user, a queue manager as many"
                            + " as available_instances says";
            case EOPNOTSUPP ->
                    "the kernel refuses to bind any address space: x86 kernels of series before"
                            + " 6.18 since February 2026 do, and Linux 6.18.7 and 6.19 bind again";
            case ENODEV ->
                    "the IOMMU does not bind address spaces for the device: SVA is not enabled for"
                            + " it, or the device has been removed";
            case EINVAL ->
                    "the IOMMU cannot bind: no PASID is enabled for the device, or its driver has"
                            + " left it";
            case ENOMEM -> "no memory, or, before Linux 6.0, the address space cannot be bound";
            case ENOSPC -> "no PASID is left";
            case ENXIO -> "the device of the node is gone";
            case EIO -> "the device does not answer as it should";
            default -> "the driver answers " + errno.text();
        };
    }
}
