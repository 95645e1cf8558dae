package org.opensva.conformance.cli.fake;

import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.AcceleratorInfo;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendDescriptor;
import org.opensva.api.backend.ForeignHandlePolicy;
import org.opensva.api.backend.Introspection;
import org.opensva.api.backend.PasidSupply;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.ProcessHost;
import org.opensva.api.process.SvaProcess;

import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** A platform of plain Java arrays. */
final class FakeBackend implements Backend, ProcessHost, Accelerator {

    private final BackendDescriptor descriptor;
    private final long memory;

    FakeBackend(String name, String variant, long memory) {
        this.memory = memory;
        this.descriptor =
                new BackendDescriptor(
                        name,
                        variant,
                        "1.2.3",
                        "Fake & Sons",
                        Set.of(),
                        ForeignHandlePolicy.REFUSE,
                        PasidSupply.QUEUE,
                        new TreeMap<>(Map.of("page-size", "4096")));
    }

    @Override
    public BackendDescriptor descriptor() {
        return descriptor;
    }

    @Override
    public ProcessHost processes() {
        return this;
    }

    @Override
    public List<Accelerator> accelerators() {
        return List.of(this);
    }

    @Override
    public Optional<Introspection> introspection() {
        return Optional.empty();
    }

    @Override
    public void close() {}

    @Override
    public SvaProcess spawn(String name) {
        return new FakeProcess(memory);
    }

    @Override
    public int pageSize() {
        return FakeProcess.PAGE;
    }

    @Override
    public String name() {
        return "fake-0";
    }

    @Override
    public RequesterId requester() {
        return RequesterId.of(0, 1, 0);
    }

    @Override
    public AcceleratorInfo info() {
        return new AcceleratorInfo(
                "fake", true, List.of(), EnumSet.allOf(Operation.class), 8, Map.of(), 16);
    }

    @Override
    public int availableInstances() {
        return 8;
    }

    @Override
    public QueueHandle open(SvaProcess process) {
        return new FakeQueue(this, (FakeProcess) process, descriptor.variant().equals("dying"));
    }

    @Override
    public void remove() {
        throw new ErrnoException(Errno.EOPNOTSUPP, "remove", "");
    }
}
