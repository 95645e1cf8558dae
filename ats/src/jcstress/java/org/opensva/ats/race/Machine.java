package org.opensva.ats.race;

import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.DevicePort;
import org.opensva.api.ats.Endpoint;
import org.opensva.api.ats.EndpointConfig;
import org.opensva.api.ats.InvalidateCompletion;
import org.opensva.api.ats.InvalidateRequest;
import org.opensva.api.ats.PageRequest;
import org.opensva.api.ats.TranslationAgent;
import org.opensva.api.ats.TranslationEntry;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.DmaStatus;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.memory.Access;
import org.opensva.ats.AtsEndpointFactory;
import org.opensva.ats.EndpointQuirks;

import java.util.Objects;

/**
 * One page, one frame of one byte, one device, and a host that gives the frame to somebody else as
 * soon as the Invalidate Completion is there.
 *
 * <p>Bytes move by plain reads and writes, and the host's table is the only ordered word here: what
 * keeps a device off the frame is the endpoint's doing alone.
 */
final class Machine implements TranslationAgent, AgentPort {

    /** What the page held. */
    static final int OLD = 1;

    /** What a device writes there. */
    static final int WRITTEN = 2;

    /** What the next owner of the frame puts there. */
    static final int REUSED = 7;

    /** The access was refused, as it is after the page was unmapped. */
    static final int REFUSED = -1;

    private static final int PASID = 1;
    private static final long PAGE = 0x7000;
    private static final long ENTRY =
            TranslationEntry.of(0x2000, 12, TranslationEntry.R | TranslationEntry.W);

    private static final RequesterId REQUESTER = RequesterId.of(1, 0, 0);
    private static final EndpointConfig CONFIG =
            new EndpointConfig("race", REQUESTER, 4, true, false, false, 4, 32, 1);

    private final Endpoint endpoint;
    private final byte[] buffer = new byte[1];
    private DevicePort device = none();
    private volatile long table = ENTRY;
    private volatile boolean completed;

    private byte frame = OLD;
    private int atCompletion;

    Machine(EndpointQuirks quirks) {
        endpoint = new AtsEndpointFactory(quirks).create(CONFIG, this);
        endpoint.setPasidEnabled(true);
        endpoint.setAtsEnabled(true);
    }

    private static DevicePort none() {
        return new DevicePort() {
            @Override
            public void invalidate(InvalidateRequest request) {}

            @Override
            public void respond(org.opensva.api.ats.PageGroupResponse response) {}
        };
    }

    /** A device reads the page. */
    int read() {
        long result = endpoint.read(PASID, Access.READ, PAGE, buffer, 0, 1);
        return DmaResult.isComplete(result) ? buffer[0] : refused(result);
    }

    /** A device asks for the translation of the page ahead; 1 if it has it. */
    int prefetch() {
        return endpoint.prefetch(PASID, Access.READ, PAGE, 1) ? 1 : 0;
    }

    /** A device writes the page. */
    int write() {
        buffer[0] = WRITTEN;
        long result = endpoint.write(PASID, Access.WRITE, PAGE, buffer, 0, 1);
        return DmaResult.isComplete(result) ? WRITTEN : refused(result);
    }

    private static int refused(long result) {
        DmaStatus status = DmaResult.status(result);
        if (status != DmaStatus.NOT_PERMITTED) {
            throw new IllegalStateException("ended with " + status);
        }
        return REFUSED;
    }

    /** The host unmaps the page and invalidates just it. */
    void unmapPage() {
        unmap(new InvalidateRequest(0, PASID, PAGE, 12, false));
    }

    /** The host unmaps the page and invalidates all of its PASID. */
    void unmapPasid() {
        unmap(new InvalidateRequest(0, PASID, 0, 64, false));
    }

    /** The host unmaps the page and invalidates its address, whosever it is. */
    void unmapEverywhere() {
        unmap(new InvalidateRequest(0, Pasid.NONE, PAGE, 12, false));
    }

    private void unmap(InvalidateRequest request) {
        table = 0;
        device.invalidate(request);
    }

    /** What the frame held when the completion came; waits for it. */
    int atCompletion() {
        while (!completed) {
            Thread.onSpinWait();
        }
        return atCompletion;
    }

    /** What the frame holds at the end. */
    int atEnd() {
        return frame;
    }

    @Override
    public void complete(InvalidateCompletion completion) {
        atCompletion = frame;
        frame = REUSED;
        completed = true;
    }

    @Override
    public int translate(int pasid, int access, long address, long[] entries) {
        entries[0] = table;
        return 1;
    }

    @Override
    public long readTranslated(long address, byte[] target, int offset, int length) {
        target[offset] = frame;
        return DmaResult.complete(length);
    }

    @Override
    public long writeTranslated(long address, byte[] source, int offset, int length) {
        frame = source[offset];
        return DmaResult.complete(length);
    }

    @Override
    public AgentPort connect(RequesterId requester, DevicePort plugged) {
        device = Objects.requireNonNull(plugged);
        return this;
    }

    @Override
    public void disconnect(RequesterId requester) {
        device = none();
    }

    @Override
    public void request(PageRequest request) {
        throw new IllegalStateException("a device without PRI asked for " + request);
    }

    @Override
    public long read(int pasid, int access, long address, byte[] target, int offset, int length) {
        throw new IllegalStateException("an untranslated read");
    }

    @Override
    public long write(int pasid, int access, long address, byte[] source, int offset, int length) {
        throw new IllegalStateException("an untranslated write");
    }
}
