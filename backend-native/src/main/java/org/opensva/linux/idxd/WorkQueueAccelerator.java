package org.opensva.linux.idxd;

import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.AcceleratorInfo;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.backend.ForeignHandlePolicy;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.SvaProcess;
import org.opensva.linux.abi.Descriptor;
import org.opensva.linux.node.Attributes;
import org.opensva.linux.node.NodeHandle;
import org.opensva.linux.node.NodeProblems;
import org.opensva.linux.node.PciPlace;
import org.opensva.linux.node.QueueNode;
import org.opensva.linux.process.NodeCalls;

import java.util.Map;

/**
 * A real work queue.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class WorkQueueAccelerator implements Accelerator {

    private final WorkQueueNode node;
    private final AcceleratorInfo info;
    private final Attributes attributes;

    /**
     * Drives a work queue.
     *
     * @param node what sysfs says about it
     */
    public WorkQueueAccelerator(WorkQueueNode node) {
        this.node = node;
        attributes = new Attributes(node.directory());
        WorkCodec codec = new WorkCodec(node);
        info =
                new AcceleratorInfo(
                        node.device().substring(0, 3),
                        node.pasidEnabled(),
                        codec.operations().stream().map(Operation::id).sorted().toList(),
                        codec.operations(),
                        node.dedicated() ? 1 : node.size(),
                        Map.of(),
                        node.size());
    }

    @Override
    public String name() {
        return node.name();
    }

    @Override
    public RequesterId requester() {
        return PciPlace.requester(node.function());
    }

    @Override
    public AcceleratorInfo info() {
        return info;
    }

    /** The driver counts the users of a queue, and lets one in if it is dedicated. */
    @Override
    public int availableInstances() {
        long users = attributes.number("clients").orElse(0);
        return Math.clamp(info.instances() - users, 0, info.instances());
    }

    @Override
    public QueueHandle open(SvaProcess process) {
        Descriptor file;
        try {
            file = NodeCalls.open(process, node.node());
        } catch (ErrnoException e) {
            throw e.errno() == Errno.ESRCH ? e : NodeProblems.explained(e, name());
        }
        boolean done = false;
        try {
            WorkQueue queue = new WorkQueue(node, file, process);
            QueueNode open =
                    new QueueNode(
                            name(), process, file, queue, ForeignHandlePolicy.REFUSE, () -> {});
            done = true;
            return NodeHandle.install(this, open, process);
        } finally {
            if (!done) {
                file.close();
            }
        }
    }

    @Override
    public void remove() {
        throw new ErrnoException(
                Errno.EOPNOTSUPP,
                "remove(" + name() + ")",
                "a device of the machine is removed by its administrator");
    }
}
