package org.opensva.linux.uacce;

import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.AcceleratorInfo;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.QueueRegion;
import org.opensva.api.accelerator.SysfsTree;
import org.opensva.api.backend.ForeignHandlePolicy;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.SvaProcess;
import org.opensva.linux.abi.Descriptor;
import org.opensva.linux.abi.DeviceBarrier;
import org.opensva.linux.abi.SystemCalls;
import org.opensva.linux.node.Attributes;
import org.opensva.linux.node.DeviceQueue;
import org.opensva.linux.node.NodeHandle;
import org.opensva.linux.node.NodeProblems;
import org.opensva.linux.node.QueueNode;
import org.opensva.linux.node.SplitQueue;
import org.opensva.linux.process.NodeCalls;
import org.opensva.linux.uacce.spec.QueueManager;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * A real uacce device.
 *
 * <p>A process opens the node itself, so that the kernel binds its memory; then this side has the
 * descriptor, maps the regions and rings the doorbells. The descriptor in the process's table
 * stands for it: the queue is given back when the last one is closed.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class UacceAccelerator implements Accelerator {

    private final SystemCalls kernel;
    private final DeviceBarrier barrier;
    private final UacceNode node;
    private final QueueFormats formats;
    private final int pageSize;
    private final Attributes attributes;
    private final AcceleratorInfo info;

    /**
     * Drives a device.
     *
     * @param kernel the kernel
     * @param barrier orders accesses
     * @param node what sysfs says about it
     * @param pageSize of this machine in bytes
     */
    public UacceAccelerator(
            SystemCalls kernel, DeviceBarrier barrier, UacceNode node, int pageSize) {
        this.kernel = kernel;
        this.barrier = barrier;
        this.node = node;
        this.pageSize = pageSize;
        formats = QueueFormats.of(node);
        attributes = new Attributes(node.directory());
        info = describe();
    }

    /**
     * Says why a device cannot be driven.
     *
     * @param node what sysfs says about it
     * @return one line, empty if it can
     */
    public static String obstacle(UacceNode node) {
        if (QueueFormats.of(node) == QueueFormats.UNKNOWN) {
            return "queues of %s with api '%s' are not known here; known are hisi_zip, hisi_sec2 (from"
                            .formatted(node.driver(), node.api())
                    + " v2) and hisi_hpre (from v3) on hisi_qm, and opensva_loop";
        }
        if (node.mmioSize() <= 0 || node.sharedSize() <= 0) {
            return "the driver has no regions to map";
        }
        return "";
    }

    private AcceleratorInfo describe() {
        Map<QueueRegion, Long> regions = new EnumMap<>(QueueRegion.class);
        regions.put(QueueRegion.MMIO, node.mmioSize());
        regions.put(QueueRegion.SHARED, node.sharedSize());
        return new AcceleratorInfo(
                node.api(),
                node.sva(),
                node.algorithms(),
                formats.all(node),
                availableInstances(),
                regions,
                usualDepth() - 1);
    }

    /** The region has room for both rings and a page more; how it is divided is told at open. */
    private int usualDepth() {
        long entry = formats.descriptorSize() + (long) QueueManager.CQE_SIZE;
        return Math.clamp((node.sharedSize() - pageSize) / entry, 2, QueueManager.DEFAULT_DEPTH);
    }

    @Override
    public String name() {
        return node.name();
    }

    @Override
    public RequesterId requester() {
        return node.requester();
    }

    /** The number of instances is how many were free when the backend was opened. */
    @Override
    public AcceleratorInfo info() {
        return info;
    }

    @Override
    public int availableInstances() {
        OptionalLong free = attributes.number("available_instances");
        return Math.clamp(free.orElse(0), 0, Integer.MAX_VALUE);
    }

    @Override
    public Optional<SysfsTree> sysfs() {
        return node.flagsTellTheTruth() ? Optional.of(attributes) : Optional.empty();
    }

    @Override
    public QueueHandle open(SvaProcess process) {
        List<Descriptor> nodes = new ArrayList<>();
        List<SplitQueue.Part> parts = new ArrayList<>();
        boolean done = false;
        try {
            QueueFormat format = formats.create(node, process);
            for (Map.Entry<Integer, Set<Operation>> type : format.operations().entrySet()) {
                Descriptor descriptor = openNode(process);
                nodes.add(descriptor);
                DeviceQueue queue =
                        RingPair.open(
                                kernel,
                                barrier,
                                descriptor,
                                RingPair.Commands.of(kernel, descriptor),
                                node,
                                format,
                                type.getKey(),
                                pageSize);
                parts.add(new SplitQueue.Part(type.getValue(), queue));
            }
            QueueNode open = together(process, nodes, parts);
            done = true;
            return NodeHandle.install(this, open, process);
        } finally {
            if (!done) {
                parts.forEach(part -> part.queue().close(true));
                nodes.forEach(Descriptor::close);
            }
        }
    }

    private Descriptor openNode(SvaProcess process) {
        try {
            return NodeCalls.open(process, node.node());
        } catch (ErrnoException e) {
            throw e.errno() == Errno.ESRCH ? e : NodeProblems.explained(e, name());
        }
    }

    private QueueNode together(
            SvaProcess process, List<Descriptor> nodes, List<SplitQueue.Part> parts) {
        DeviceQueue queue = parts.size() == 1 ? parts.getFirst().queue() : new SplitQueue(parts);
        List<Descriptor> others = List.copyOf(nodes.subList(1, nodes.size()));
        return new QueueNode(
                name(),
                process,
                nodes.getFirst(),
                queue,
                ForeignHandlePolicy.OPENER,
                () -> others.forEach(Descriptor::close));
    }

    @Override
    public void remove() {
        throw new ErrnoException(
                Errno.EOPNOTSUPP,
                "remove(" + name() + ")",
                "a device of the machine is removed by its administrator");
    }
}
