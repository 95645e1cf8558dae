package org.opensva.conformance.cli.replay;

import org.opensva.api.ats.AgentPort;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.memory.MmioRegion;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.conformance.replay.Recording;
import org.opensva.conformance.replay.ReplayedIommu;
import org.opensva.conformance.replay.Step;
import org.opensva.vtd.layout.DescriptorType;
import org.opensva.vtd.layout.InvalidationDescriptor;
import org.opensva.vtd.model.RemappedInterrupt;
import org.opensva.vtd.model.VtdIommu;
import org.opensva.vtd.model.VtdProfile;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * The model of VT-d, with a device at every function that a recording names: in requests, in
 * interrupt messages, and in the invalidations of device-TLBs that software writes. The devices of
 * the recorded machines answer those invalidations.
 */
final class ReplayedVtd implements ReplayedIommu {

    private static final int DESCRIPTOR_BYTES = 16;

    private final List<Step.Message> messages = new ArrayList<>();
    private final VtdIommu iommu;
    private final Map<Integer, AgentPort> ports = new HashMap<>();

    ReplayedVtd(Recording recording, PhysicalMemory memory) {
        iommu =
                new VtdIommu(
                        profile(recording),
                        memory,
                        (address, data) -> messages.add(new Step.Message(address, data)),
                        System::nanoTime);
        recording.steps().forEach(this::plug);
    }

    private void plug(Step step) {
        switch (step) {
            case Step.Request request -> connect(request.requester());
            case Step.DeviceMessage message -> connect(message.requester());
            case Step.MemoryWrite write -> plug(HexFormat.of().parseHex(write.bytes()));
            default -> {}
        }
    }

    /** Plugs in what an invalidation descriptor is about, if these bytes are one. */
    private void plug(byte[] bytes) {
        if (bytes.length != DESCRIPTOR_BYTES && bytes.length != 2 * DESCRIPTOR_BYTES) {
            return;
        }
        long word = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
        DescriptorType type = DescriptorType.of(InvalidationDescriptor.type(word));
        if (type == DescriptorType.DEVICE_TLB) {
            connect((int) InvalidationDescriptor.DEVICE_SID.get(word));
        } else if (type == DescriptorType.PASID_DEVICE_TLB) {
            connect((int) InvalidationDescriptor.PASID_DEVICE_SID.get(word));
        }
    }

    /**
     * What the model has to claim.
     *
     * @throws IllegalArgumentException if it has no behaviour for one of the claims
     */
    static VtdProfile profile(Recording recording) {
        VtdProfile profile =
                VtdProfile.fromCapabilities(recording.claimed("CAP"), recording.claimed("ECAP"))
                        .withCaches(1 << 10, 1 << 8, 1 << 6, 1 << 6);
        return profile.withIdentification(
                (int) recording.claimed("VER", profile.version()),
                profile.capability(),
                profile.extendedCapability());
    }

    @Override
    public MmioRegion registers() {
        return iommu;
    }

    @Override
    public AgentPort connect(int requester) {
        return ports.computeIfAbsent(requester, id -> AnsweringDevice.connect(iommu, id));
    }

    @Override
    public int raised(String line) {
        throw new IllegalArgumentException("VT-d has no wired interrupts");
    }

    @Override
    public List<Step.Message> sent() {
        List<Step.Message> sent = List.copyOf(messages);
        messages.clear();
        return sent;
    }

    @Override
    public Step.Delivery interrupt(int requester, long address, int data) {
        List<Step.Message> before = List.copyOf(messages);
        RemappedInterrupt remapped = iommu.interrupt(new RequesterId(requester), address, data);
        if (remapped.outcome() != RemappedInterrupt.Outcome.DELIVERED) {
            return Step.Delivery.BLOCKED;
        }
        // What arrives is the device's; only what the unit sends on its own account is kept.
        messages.clear();
        messages.addAll(before);
        return new Step.Delivery(true, remapped.vector());
    }

    @Override
    public void close() {
        iommu.close();
    }
}
