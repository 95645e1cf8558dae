package org.opensva.conformance.cli.replay;

import org.opensva.api.ats.AgentPort;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.memory.BusErrorException;
import org.opensva.api.memory.MmioRegion;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.conformance.replay.Recording;
import org.opensva.conformance.replay.ReplayedIommu;
import org.opensva.conformance.replay.Step;
import org.opensva.smmuv3.model.SmmuInterrupts;
import org.opensva.smmuv3.model.SmmuProfile;
import org.opensva.smmuv3.model.SmmuV3;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** The model of the SMMUv3. */
final class ReplayedSmmuV3 implements ReplayedIommu {

    private final Map<SmmuInterrupts.Wire, Integer> wires =
            new EnumMap<>(SmmuInterrupts.Wire.class);
    private final SmmuV3 smmu;

    ReplayedSmmuV3(Recording recording, PhysicalMemory memory) {
        SmmuInterrupts interrupts =
                new SmmuInterrupts() {
                    @Override
                    public void wired(Wire wire) {
                        wires.merge(wire, 1, Integer::sum);
                    }

                    @Override
                    public void message(long address, int data) {
                        throw BusErrorException.instance();
                    }
                };
        smmu = new SmmuV3(profile(recording), memory, interrupts, System::nanoTime);
    }

    /**
     * What the model has to claim.
     *
     * @throws IllegalArgumentException if it has no behaviour for one of the claims
     */
    static SmmuProfile profile(Recording recording) {
        return SmmuProfile.sva()
                .withCaches(1 << 10, 1 << 8, 1 << 6)
                .withIdentification(
                        recording.claimed("IDR0"),
                        recording.claimed("IDR1"),
                        recording.claimed("IDR3", 0),
                        recording.claimed("IDR5"),
                        0,
                        recording.claimed("AIDR", 0));
    }

    @Override
    public MmioRegion registers() {
        return smmu;
    }

    @Override
    public AgentPort connect(int requester) {
        return smmu.connect(new RequesterId(requester), new SilentDevice());
    }

    @Override
    public int raised(String line) {
        SmmuInterrupts.Wire wire =
                switch (line) {
                    case "evtq" -> SmmuInterrupts.Wire.EVENTQ;
                    case "priq" -> SmmuInterrupts.Wire.PRIQ;
                    case "cmd_sync" -> SmmuInterrupts.Wire.CMD_SYNC;
                    case "gerror" -> SmmuInterrupts.Wire.GERROR;
                    default ->
                            throw new IllegalArgumentException(
                                    "an SMMUv3 has no interrupt '%s'".formatted(line));
                };
        Integer count = wires.remove(wire);
        return count == null ? 0 : count;
    }

    @Override
    public List<Step.Message> sent() {
        throw new IllegalArgumentException("recordings of an SMMUv3 do not look at its messages");
    }

    @Override
    public Step.Delivery interrupt(int requester, long address, int data) {
        throw new IllegalArgumentException("an SMMUv3 remaps no interrupts");
    }

    @Override
    public void close() {
        smmu.close();
    }
}
