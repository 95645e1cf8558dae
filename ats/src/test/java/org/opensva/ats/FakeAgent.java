package org.opensva.ats;

import org.jspecify.annotations.Nullable;
import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.DevicePort;
import org.opensva.api.ats.Endpoint;
import org.opensva.api.ats.EndpointConfig;
import org.opensva.api.ats.InvalidateCompletion;
import org.opensva.api.ats.InvalidateRequest;
import org.opensva.api.ats.PageGroupResponse;
import org.opensva.api.ats.PageRequest;
import org.opensva.api.ats.TranslationAgent;
import org.opensva.api.ats.TranslationEntry;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.DmaStatus;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.memory.Access;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

/** A translation agent whose tables are a map, and which remembers what it was asked. */
final class FakeAgent implements TranslationAgent, AgentPort {

    /** A page of a PASID. */
    record Page(int pasid, long number) {}

    /** A translation request that came. */
    record Asked(int pasid, int access, long address, int pages) {}

    final Map<Page, Long> table = new ConcurrentHashMap<>();
    final byte[] memory = new byte[1 << 22];
    final List<Asked> asked = new CopyOnWriteArrayList<>();
    final List<InvalidateCompletion> completions = new CopyOnWriteArrayList<>();
    final List<PageRequest> pageRequests = new CopyOnWriteArrayList<>();
    final List<String> untranslated = new CopyOnWriteArrayList<>();
    final AtomicInteger translations = new AtomicInteger();
    boolean recording = true;

    /** Called with the answer ready, before it is returned. */
    volatile Runnable beforeAnswer = () -> {};

    /** Called before translated bytes move, with the address. */
    volatile LongConsumer beforeMove = address -> {};

    /** What a host does with a page request. */
    volatile BiConsumer<FakeAgent, PageRequest> host = (agent, request) -> {};

    volatile Consumer<InvalidateCompletion> onCompletion = completion -> {};

    volatile int translateStatus;

    /** Memory from this physical address on does not answer. */
    volatile long brokenFrom = Long.MAX_VALUE;

    volatile @Nullable DevicePort device;

    /** Plugs in an endpoint with 256 PASIDs and every capability, none of which is enabled. */
    AtsEndpoint plug(EndpointQuirks quirks, Duration pageResponseTimeout) {
        EndpointConfig config =
                new EndpointConfig(
                        "zip-0", RequesterId.of(1, 0, 0), 8, true, true, false, 64, 32, 16);
        return (AtsEndpoint)
                new AtsEndpointFactory(quirks, pageResponseTimeout).create(config, this);
    }

    /** Plugs in an endpoint, with PASIDs and address translation enabled. */
    AtsEndpoint plugEnabled(EndpointQuirks quirks, Duration pageResponseTimeout) {
        return enabled(plug(quirks, pageResponseTimeout));
    }

    /** The same endpoint, with PASIDs and address translation enabled. */
    static <E extends Endpoint> E enabled(E endpoint) {
        endpoint.setPasidEnabled(true);
        endpoint.setAtsEnabled(true);
        return endpoint;
    }

    /** What an endpoint reads in a byte; -1 if it cannot. */
    static byte readByte(Endpoint endpoint, int pasid, long address) {
        byte[] target = new byte[1];
        long result = endpoint.read(pasid, Access.READ, address, target, 0, 1);
        return DmaResult.isComplete(result) ? target[0] : -1;
    }

    void map(int pasid, long address, long physical, long flags) {
        table.put(new Page(pasid, address >>> 12), TranslationEntry.of(physical, 12, flags));
    }

    void mapLarge(int pasid, long address, long physical, int shift, long flags) {
        for (long page = 0; page < 1L << (shift - 12); page++) {
            table.put(
                    new Page(pasid, (address >>> 12) + page),
                    TranslationEntry.of(physical, shift, flags));
        }
    }

    void unmap(int pasid, long address) {
        table.remove(new Page(pasid, address >>> 12));
    }

    DevicePort device() {
        DevicePort port = device;
        if (port == null) {
            throw new IllegalStateException("nothing is plugged in");
        }
        return port;
    }

    void invalidate(int itag, int pasid, long address, int sizeShift) {
        device().invalidate(new InvalidateRequest(itag, pasid, address, sizeShift, false));
    }

    void answer(PageRequest request, PageResponse response) {
        device().respond(new PageGroupResponse(request.pasid(), request.groupIndex(), response));
    }

    @Override
    public AgentPort connect(RequesterId requester, DevicePort plugged) {
        device = plugged;
        return this;
    }

    @Override
    public void disconnect(RequesterId requester) {
        device = null;
    }

    @Override
    public int translate(int pasid, int access, long address, long[] entries) {
        translations.incrementAndGet();
        if (recording) {
            asked.add(new Asked(pasid, access, address, entries.length));
        }
        if (translateStatus != 0) {
            return translateStatus;
        }
        int count = 0;
        for (; count < entries.length; count++) {
            Long entry = table.get(new Page(pasid, (address >>> 12) + count));
            entries[count] = entry == null ? 0 : entry;
            if (entry != null && TranslationEntry.sizeShift(entry) > 12) {
                count++;
                break;
            }
        }
        beforeAnswer.run();
        return count;
    }

    @Override
    public long readTranslated(long address, byte[] target, int offset, int length) {
        beforeMove.accept(address);
        int there = answering(address, length);
        System.arraycopy(memory, (int) address, target, offset, there);
        return DmaResult.of(there == length ? DmaStatus.COMPLETE : DmaStatus.ABORTED, there);
    }

    @Override
    public long writeTranslated(long address, byte[] source, int offset, int length) {
        beforeMove.accept(address);
        int there = answering(address, length);
        System.arraycopy(source, offset, memory, (int) address, there);
        return DmaResult.of(there == length ? DmaStatus.COMPLETE : DmaStatus.ABORTED, there);
    }

    private int answering(long address, int length) {
        return Math.clamp(brokenFrom - address, 0, length);
    }

    @Override
    public long read(int pasid, int access, long address, byte[] target, int offset, int length) {
        return move(pasid, access, address, target, offset, length);
    }

    @Override
    public long write(int pasid, int access, long address, byte[] source, int offset, int length) {
        return move(pasid, access, address, source, offset, length);
    }

    private long move(int pasid, int access, long address, byte[] buffer, int offset, int length) {
        untranslated.add(
                "%s %d 0x%x+%d".formatted(Access.describe(access), pasid, address, length));
        beforeMove.accept(address);
        int done = 0;
        while (done < length) {
            Long entry = table.get(new Page(pasid, (address + done) >>> 12));
            if (entry == null) {
                return DmaResult.of(DmaStatus.ABORTED, done);
            }
            long inside = (address + done) & ((1L << TranslationEntry.sizeShift(entry)) - 1);
            int physical = (int) (TranslationEntry.address(entry) + inside);
            int piece = (int) Math.min(length - done, 4096 - (inside & 4095));
            if (Access.writes(access)) {
                System.arraycopy(buffer, offset + done, memory, physical, piece);
            } else {
                System.arraycopy(memory, physical, buffer, offset + done, piece);
            }
            done += piece;
        }
        return DmaResult.complete(done);
    }

    @Override
    public void complete(InvalidateCompletion completion) {
        completions.add(completion);
        onCompletion.accept(completion);
    }

    @Override
    public void request(PageRequest request) {
        pageRequests.add(request);
        host.accept(this, request);
    }

    List<Long> requestedPages() {
        List<Long> pages = new ArrayList<>();
        for (PageRequest request : pageRequests) {
            pages.add(request.address());
        }
        return pages;
    }
}
