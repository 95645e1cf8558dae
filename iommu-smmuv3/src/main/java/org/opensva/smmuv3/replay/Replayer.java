package org.opensva.smmuv3.replay;

import org.jspecify.annotations.Nullable;
import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.DevicePort;
import org.opensva.api.ats.InvalidateRequest;
import org.opensva.api.ats.PageGroupResponse;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.memory.Access;
import org.opensva.api.memory.BusErrorException;
import org.opensva.smmuv3.model.SmmuInterrupts;
import org.opensva.smmuv3.model.SmmuProfile;
import org.opensva.smmuv3.model.SmmuV3;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Carries a recording out on a fresh model that claims what the recorded implementation claims, and
 * compares. A replay is single-threaded; it goes on after a difference, so that one run tells all
 * of them.
 */
public final class Replayer {

    private static final HexFormat HEX = HexFormat.of();

    private final Mode mode;
    private final RecordedMemory memory;
    private final SmmuV3 smmu;
    private final Map<Integer, AgentPort> ports = new HashMap<>();
    private final Map<SmmuInterrupts.Wire, Integer> wires =
            new EnumMap<>(SmmuInterrupts.Wire.class);
    private final List<Difference> differences = new ArrayList<>();
    private int step;

    private Replayer(Recording recording, Mode mode) {
        this.mode = mode;
        memory = new RecordedMemory(recording.ram());
        SmmuProfile profile = profile(recording);
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
        smmu = new SmmuV3(profile, memory, interrupts, System::nanoTime);
        for (Recording.Image image : recording.memory()) {
            store(image.address(), image.bytes());
        }
    }

    private static SmmuProfile profile(Recording recording) {
        Recording.Identification claims = recording.identification();
        return SmmuProfile.sva()
                .withCaches(1 << 10, 1 << 8, 1 << 6)
                .withIdentification(
                        claims.idr0(),
                        claims.idr1(),
                        claims.idr3(),
                        claims.idr5(),
                        0,
                        claims.aidr());
    }

    /**
     * Tells whether the model can be what was recorded.
     *
     * @param recording a recording
     * @return which claim of the recorded implementation the model has no behaviour for; empty if
     *     {@link #replay} carries the recording out
     */
    public static Optional<String> refusal(Recording recording) {
        try {
            profile(recording);
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    /**
     * Replays.
     *
     * @param recording what to replay
     * @param mode which expectations count
     * @return every difference, in order; empty if there is none
     * @throws IllegalArgumentException if the recorded implementation claims what the model does
     *     not do, or the recording's memory image or a step does not fit its memory; the message
     *     says which
     */
    public static List<Difference> replay(Recording recording, Mode mode) {
        Replayer replayer = new Replayer(recording, mode);
        try (SmmuV3 smmu = replayer.smmu) {
            for (Step next : recording.steps()) {
                replayer.carryOut(smmu, next);
                replayer.step++;
            }
        }
        return List.copyOf(replayer.differences);
    }

    private void store(long address, String hex) {
        byte[] bytes = HEX.parseHex(hex);
        try {
            memory.write(address, bytes, 0, bytes.length);
        } catch (BusErrorException e) {
            throw new IllegalArgumentException(
                    "step %d writes where there is no memory: 0x%x".formatted(step, address), e);
        }
    }

    private void carryOut(SmmuV3 model, Step next) {
        switch (next) {
            case Step.RegisterWrite write ->
                    model.write(write.offset(), write.size(), write.value());
            case Step.RegisterRead read -> compare(model, read);
            case Step.MemoryWrite write -> store(write.address(), write.bytes());
            case Step.MemoryExpectation expectation -> compare(expectation);
            case Step.Request request -> compare(request);
            case Step.Interrupts interrupts -> {
                Step.Interrupts architecture = interrupts.architecture();
                Step.Interrupts expected =
                        byArchitecture() && architecture != null ? architecture : interrupts;
                compare("event queue interrupts", expected.eventQueue(), taken(0));
                compare("CMD_SYNC interrupts", expected.sync(), taken(1));
                compare("global error interrupts", expected.globalError(), taken(2));
            }
        }
    }

    private int taken(int which) {
        SmmuInterrupts.Wire wire =
                switch (which) {
                    case 0 -> SmmuInterrupts.Wire.EVENTQ;
                    case 1 -> SmmuInterrupts.Wire.CMD_SYNC;
                    default -> SmmuInterrupts.Wire.GERROR;
                };
        Integer count = wires.remove(wire);
        return count == null ? 0 : count;
    }

    private void compare(String what, int expected, int actual) {
        if (expected != actual) {
            differs(what, Integer.toString(expected), Integer.toString(actual));
        }
    }

    private void differs(String what, String expected, String actual) {
        differences.add(new Difference(step, what, expected, actual));
    }

    private boolean byArchitecture() {
        return mode == Mode.ARCHITECTURE;
    }

    private void compare(SmmuV3 model, Step.RegisterRead read) {
        Long architecture = read.architecture();
        long expected = byArchitecture() && architecture != null ? architecture : read.expected();
        long actual = model.read(read.offset(), read.size());
        if (((expected ^ actual) & read.mask()) != 0) {
            differs(
                    read.register(),
                    "0x" + Long.toHexString(expected & read.mask()),
                    "0x" + Long.toHexString(actual & read.mask()));
        }
    }

    private void compare(Step.MemoryExpectation expectation) {
        if (byArchitecture() && expectation.absent()) {
            return;
        }
        long address = expectation.address();
        String hex = expectation.bytes();
        if (byArchitecture()) {
            Long otherAddress = expectation.architectureAddress();
            address = otherAddress == null ? address : otherAddress;
            String otherBytes = expectation.architectureBytes();
            hex = otherBytes == null ? hex : otherBytes;
        }
        byte[] expected = HEX.parseHex(hex);
        byte[] mask = expectation.mask() == null ? null : HEX.parseHex(expectation.mask());
        byte[] actual = load(address, expected.length);
        if (actual == null || !same(expected, actual, mask)) {
            differs(
                    expectation.what() + " at 0x" + Long.toHexString(address),
                    hex,
                    actual == null ? "no memory" : HEX.formatHex(actual));
        }
    }

    private byte @Nullable [] load(long address, int length) {
        byte[] bytes = new byte[length];
        try {
            memory.read(address, bytes, 0, length);
            return bytes;
        } catch (BusErrorException e) {
            return null;
        }
    }

    private static boolean same(byte[] expected, byte[] actual, byte @Nullable [] mask) {
        for (int i = 0; i < expected.length; i++) {
            int counts = mask == null || i >= mask.length ? 0xff : mask[i];
            if (((expected[i] ^ actual[i]) & counts) != 0) {
                return false;
            }
        }
        return true;
    }

    private AgentPort port(int stream) {
        return ports.computeIfAbsent(
                stream, id -> smmu.connect(new RequesterId(id), new SilentDevice()));
    }

    private void compare(Step.Request request) {
        int access =
                (request.privileged() ? Access.PRIVILEGED : 0)
                        | (request.instruction() ? Access.EXECUTE : 0);
        String data = request.data();
        byte[] buffer = data == null ? new byte[request.length()] : HEX.parseHex(data);
        AgentPort port = port(request.stream());
        long result =
                data == null
                        ? port.read(
                                request.pasid(),
                                access | (request.instruction() ? 0 : Access.READ),
                                request.address(),
                                buffer,
                                0,
                                buffer.length)
                        : port.write(
                                request.pasid(),
                                access | Access.WRITE,
                                request.address(),
                                buffer,
                                0,
                                buffer.length);
        Step.Outcome architecture = request.architecture();
        Step.Outcome expected =
                byArchitecture() && architecture != null ? architecture : request.expected();
        List<Step.Outcome> candidates = new ArrayList<>(request.permitted());
        candidates.add(expected);
        for (Step.Outcome candidate : candidates) {
            if (matches(candidate, request, result, buffer)) {
                return;
            }
        }
        differs(
                "request to 0x" + Long.toHexString(request.address()),
                describe(expected),
                DmaResult.describe(result)
                        + (data == null ? ", data " + HEX.formatHex(buffer) : ""));
    }

    private static String describe(Step.Outcome outcome) {
        StringBuilder text = new StringBuilder(outcome.complete() ? "complete" : "fault");
        for (Step.Segment segment : outcome.segments()) {
            Long physical = segment.physical();
            text.append(physical == null ? ", abort" : ", 0x" + Long.toHexString(physical));
        }
        return outcome.data() == null ? text.toString() : text + ", data " + outcome.data();
    }

    private boolean matches(
            Step.Outcome outcome, Step.Request request, long result, byte[] buffer) {
        if (outcome.complete() != DmaResult.isComplete(result)) {
            return false;
        }
        String read = outcome.data();
        if (read != null && !same(HEX.parseHex(read), buffer, null)) {
            return false;
        }
        int moved = 0;
        for (Step.Segment segment : outcome.segments()) {
            Long physical = segment.physical();
            if (physical == null) {
                break;
            }
            // Written bytes are where the segment says; what was read is what is there.
            int length = segment.length();
            byte[] there = load(physical, length);
            if (there == null || !same(slice(buffer, moved, length), there, null)) {
                return false;
            }
            moved += length;
        }
        return outcome.complete()
                ? DmaResult.bytes(result) == request.length()
                : DmaResult.bytes(result) == moved;
    }

    private static byte[] slice(byte[] bytes, int from, int length) {
        byte[] part = new byte[length];
        System.arraycopy(bytes, from, part, 0, length);
        return part;
    }

    /** A device that is sent nothing in a recording. */
    private static final class SilentDevice implements DevicePort {

        @Override
        public void invalidate(InvalidateRequest request) {}

        @Override
        public void respond(PageGroupResponse response) {}
    }
}
