package org.opensva.conformance.suite.parts;

import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.DevicePort;
import org.opensva.api.ats.InvalidateCompletion;
import org.opensva.api.ats.PageRequest;
import org.opensva.api.ats.TranslationAgent;
import org.opensva.api.ats.TranslationEntry;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.RequesterId;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * An IOMMU for one endpoint that translates what the test has mapped, and notes every message.
 *
 * <p>Each mapping has physical addresses of its own: the number of the mapping from bit 44, and the
 * virtual address below. So a translated access tells which answer it rests on. Reads give zeros
 * and writes go nowhere.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class ScriptedAgent implements TranslationAgent {

    /** Virtual addresses of a test are below this bit. */
    public static final int ADDRESS_BITS = 44;

    private static final long LOW = (1L << ADDRESS_BITS) - 1;

    /**
     * One mapping.
     *
     * @param number which one, from 1
     * @param address its first virtual address
     * @param sizeShift its size as a power of two
     * @param flags {@link TranslationEntry} flags
     */
    public record Mapping(int number, long address, int sizeShift, long flags) {

        boolean covers(long candidate) {
            return (candidate ^ address) >>> sizeShift == 0;
        }

        private long entry() {
            return TranslationEntry.of((long) number << ADDRESS_BITS | address, sizeShift, flags);
        }
    }

    private final List<Mapping> mappings = new ArrayList<>();
    private final List<Mapping> ever = new ArrayList<>();
    private final List<LinkMessage> messages = new ArrayList<>();
    private final AtomicInteger refusals = new AtomicInteger();
    private volatile int refusal;
    private volatile Consumer<PageRequest> pages = request -> {};
    private volatile DevicePort device = new Nobody();

    /** Creates an agent that nothing is mapped in. */
    public ScriptedAgent() {}

    /** Before a device is plugged in. */
    private static final class Nobody implements DevicePort {
        @Override
        public void invalidate(org.opensva.api.ats.InvalidateRequest request) {
            throw new IllegalStateException("no device is plugged in");
        }

        @Override
        public void respond(org.opensva.api.ats.PageGroupResponse response) {
            throw new IllegalStateException("no device is plugged in");
        }
    }

    @Override
    public AgentPort connect(RequesterId requester, DevicePort plugged) {
        device = Objects.requireNonNull(plugged);
        return new Port();
    }

    @Override
    public void disconnect(RequesterId requester) {}

    /**
     * Where messages to the device go.
     *
     * @return the device's end of the link
     */
    public DevicePort device() {
        return device;
    }

    /**
     * Maps a range for reading and writing, to physical addresses that were never used before. What
     * was mapped there is not any more.
     *
     * @param address its first address, below 2<sup>44</sup>
     * @param sizeShift its size as a power of two, 12 to 30; the range is naturally aligned
     * @return the mapping
     */
    public Mapping map(long address, int sizeShift) {
        return map(address, sizeShift, TranslationEntry.R | TranslationEntry.W);
    }

    /**
     * Maps a range.
     *
     * @param address its first address, below 2<sup>44</sup>
     * @param sizeShift its size as a power of two, 12 to 30; the range is naturally aligned
     * @param flags permissions, as in {@link TranslationEntry}
     * @return the mapping
     */
    public Mapping map(long address, int sizeShift, long flags) {
        synchronized (mappings) {
            Mapping mapping = new Mapping(ever.size() + 1, address, sizeShift, flags);
            ever.add(mapping);
            mappings.removeIf(old -> old.covers(address) || mapping.covers(old.address()));
            mappings.add(mapping);
            return mapping;
        }
    }

    /** Unmaps everything. */
    public void unmapAll() {
        synchronized (mappings) {
            mappings.clear();
        }
    }

    /**
     * Refuses the next translation request.
     *
     * @param status {@link AgentPort#UNSUPPORTED_REQUEST} or {@link AgentPort#COMPLETER_ABORT}
     */
    public void refuseNext(int status) {
        refusal = status;
        refusals.set(1);
    }

    /**
     * Says what is done with page requests and stop markers, from within the sending of the device.
     *
     * @param handler what to do
     */
    public void onPageRequest(Consumer<PageRequest> handler) {
        pages = handler;
    }

    /**
     * The messages so far.
     *
     * @return a copy, in the order in which they came
     */
    public List<LinkMessage> messages() {
        synchronized (messages) {
            return List.copyOf(messages);
        }
    }

    /**
     * The messages of a kind from some point on.
     *
     * @param from how many messages to pass over
     * @param kind which kind
     * @param <T> its type
     * @return in the order in which they came
     */
    public <T extends LinkMessage> List<T> messages(int from, Class<T> kind) {
        return messages().stream().skip(from).filter(kind::isInstance).map(kind::cast).toList();
    }

    /**
     * How many messages came.
     *
     * @return a mark for {@link #messages(int, Class)}
     */
    public int mark() {
        synchronized (messages) {
            return messages.size();
        }
    }

    /**
     * Looks for a translated access outside the range of the answer that it rests on.
     *
     * @return the first one in words
     */
    public Optional<String> stray() {
        for (LinkMessage.Translated access : messages(0, LinkMessage.Translated.class)) {
            Optional<Mapping> mapping = mappingOf(access);
            long first = access.address() & LOW;
            boolean inside =
                    mapping.filter(m ->
                                    m.covers(first)
                                            && m.covers(first + Math.max(0, access.length() - 1)))
                            .isPresent();
            if (!inside) {
                return Optional.of(
                        mapping.map(m ->
                                        "%s, outside the 2^%d bytes at 0x%x that were granted"
                                                .formatted(access, m.sizeShift(), m.address()))
                                .orElseGet(() -> access + ", which was never granted"));
            }
        }
        return Optional.empty();
    }

    /**
     * The answer that a translated access rests on.
     *
     * @param access the access
     * @return the mapping, also one that is gone; empty for an address that was never given out
     */
    public Optional<Mapping> mappingOf(LinkMessage.Translated access) {
        long number = access.address() >>> ADDRESS_BITS;
        synchronized (mappings) {
            return number >= 1 && number <= ever.size()
                    ? Optional.of(ever.get((int) number - 1))
                    : Optional.empty();
        }
    }

    private void note(LinkMessage message) {
        synchronized (messages) {
            messages.add(message);
        }
    }

    private long entry(long address) {
        synchronized (mappings) {
            return mappings.stream()
                    .filter(mapping -> mapping.covers(address))
                    .findFirst()
                    .map(Mapping::entry)
                    .orElse(0L);
        }
    }

    private final class Port implements AgentPort {

        @Override
        public int translate(int pasid, int access, long address, long[] entries) {
            note(new LinkMessage.Translation(pasid, access, address));
            if (refusals.compareAndSet(1, 0)) {
                return refusal;
            }
            entries[0] = entry(address);
            return 1;
        }

        @Override
        public long readTranslated(long address, byte[] target, int offset, int length) {
            note(new LinkMessage.Translated(false, address, length));
            return DmaResult.complete(length);
        }

        @Override
        public long writeTranslated(long address, byte[] source, int offset, int length) {
            note(new LinkMessage.Translated(true, address, length));
            return DmaResult.complete(length);
        }

        @Override
        public void complete(InvalidateCompletion completion) {
            note(new LinkMessage.Completion(completion));
        }

        @Override
        public void request(PageRequest request) {
            note(new LinkMessage.Page(request));
            pages.accept(request);
        }

        @Override
        public long read(
                int pasid, int access, long address, byte[] target, int offset, int length) {
            note(new LinkMessage.Untranslated(false, pasid, address, length));
            return DmaResult.complete(length);
        }

        @Override
        public long write(
                int pasid, int access, long address, byte[] source, int offset, int length) {
            note(new LinkMessage.Untranslated(true, pasid, address, length));
            return DmaResult.complete(length);
        }
    }
}
