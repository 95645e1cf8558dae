package org.opensva.conformance.replay;

import org.jspecify.annotations.Nullable;
import org.opensva.api.ats.AgentPort;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.memory.Access;
import org.opensva.api.memory.BusErrorException;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Carries a recording out on a fresh IOMMU that claims what the recorded one claims, and compares.
 * A replay is single-threaded; it goes on after a difference, so that one run tells all of them.
 */
public final class Replayer {

    private static final HexFormat HEX = HexFormat.of();

    private final Mode mode;
    private final RecordedMemory memory;
    private final ReplayedIommu iommu;
    private final Map<Integer, AgentPort> ports = new HashMap<>();
    private final List<Difference> differences = new ArrayList<>();
    private int step;

    private Replayer(Mode mode, RecordedMemory memory, ReplayedIommu iommu) {
        this.mode = mode;
        this.memory = memory;
        this.iommu = iommu;
    }

    /**
     * Replays.
     *
     * @param recording what to replay
     * @param mode which expectations count
     * @param factory makes what the recording is carried out on
     * @return every difference, in order; empty if there is none
     * @throws IllegalArgumentException from the factory, or if the recording's memory image or a
     *     step does not fit its memory; the message says which
     */
    public static List<Difference> replay(
            Recording recording, Mode mode, ReplayedIommu.Factory factory) {
        RecordedMemory memory = new RecordedMemory(recording.ram());
        try (ReplayedIommu iommu = factory.create(recording, memory)) {
            Replayer replayer = new Replayer(mode, memory, iommu);
            for (Recording.Image image : recording.memory()) {
                replayer.store(image.address(), image.bytes());
            }
            for (Step next : recording.steps()) {
                replayer.carryOut(next);
                replayer.step++;
            }
            return List.copyOf(replayer.differences);
        }
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

    private void carryOut(Step next) {
        switch (next) {
            case Step.RegisterWrite write ->
                    iommu.registers().write(write.offset(), write.size(), write.value());
            case Step.RegisterRead read -> compare(read);
            case Step.MemoryWrite write -> store(write.address(), write.bytes());
            case Step.MemoryExpectation expectation -> compare(expectation);
            case Step.Request request -> compare(request);
            case Step.Interrupts interrupts ->
                    new TreeMap<>(expected(interrupts.recorded(), interrupts.architecture()))
                            .forEach((line, count) ->
                                    compare(line + " interrupts", count, iommu.raised(line)));
            case Step.DeviceMessage sent -> {
                Step.Message message = sent.message();
                compare(
                        "interrupt message " + message,
                        expected(sent.expected(), sent.architecture()),
                        iommu.interrupt(sent.requester(), message.address(), message.data()));
            }
            case Step.SentMessages messages ->
                    compare(
                            messages.what() + " messages",
                            expected(messages.recorded(), messages.architecture()),
                            iommu.sent());
        }
    }

    /** What counts of what was recorded and what the architecture asks for instead. */
    private <T> T expected(T recorded, @Nullable T architecture) {
        return mode == Mode.ARCHITECTURE && architecture != null ? architecture : recorded;
    }

    private void compare(String what, Object expected, Object actual) {
        if (!expected.equals(actual)) {
            differs(what, expected.toString(), actual.toString());
        }
    }

    private void differs(String what, String expected, String actual) {
        differences.add(new Difference(step, what, expected, actual));
    }

    private void compare(Step.RegisterRead read) {
        long expected = expected(read.expected(), read.architecture());
        long actual = iommu.registers().read(read.offset(), read.size());
        if (((expected ^ actual) & read.mask()) != 0) {
            differs(
                    read.register(),
                    "0x" + Long.toHexString(expected & read.mask()),
                    "0x" + Long.toHexString(actual & read.mask()));
        }
    }

    private void compare(Step.MemoryExpectation expectation) {
        if (mode == Mode.ARCHITECTURE && expectation.absent()) {
            return;
        }
        long address = expected(expectation.address(), expectation.architectureAddress());
        String hex = expected(expectation.bytes(), expectation.architectureBytes());
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

    private void compare(Step.Request request) {
        int access =
                (request.privileged() ? Access.PRIVILEGED : 0)
                        | (request.instruction() ? Access.EXECUTE : 0);
        String data = request.data();
        byte[] buffer = data == null ? new byte[request.length()] : HEX.parseHex(data);
        AgentPort port = ports.computeIfAbsent(request.requester(), iommu::connect);
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
        Step.Outcome expected = expected(request.expected(), request.architecture());
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
}
