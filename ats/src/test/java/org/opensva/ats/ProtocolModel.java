package org.opensva.ats;

import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.DevicePort;
import org.opensva.api.ats.InvalidateCompletion;
import org.opensva.api.ats.InvalidateRequest;
import org.opensva.api.ats.PageGroupResponse;
import org.opensva.api.ats.PageRequest;
import org.opensva.api.ats.TranslationAgent;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.RequesterId;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a device may send, as a small state machine that sits between the device and its link and
 * sees every message in the order of the device.
 *
 * <p>Invalidation (sections 10.3.1 to 10.3.4): each Invalidate Request that arrives is completed
 * once, with its ITag; when the completion leaves, what the host had unmapped before the request
 * left it is dead, and moves no byte any more.
 *
 * <p>Page requests (section 10.4): a group has one PRG index, one PASID and consecutive pages, and
 * ends with Last; an index is not used again before its response; no more messages are outstanding
 * than were allocated; nothing new begins after Response Failure.
 */
final class ProtocolModel implements TranslationAgent {

    /** A page request group of which something was sent and which was not answered. */
    private static final class Group {
        private final int pasid;
        private final int access;
        private long next;
        private int messages;
        private boolean complete;

        Group(PageRequest first) {
            pasid = first.pasid();
            access = first.access();
            next = first.address();
        }
    }

    private final TranslationAgent link;
    private final int allocation;
    private final int threads;

    private final Map<Integer, Group> groups = new HashMap<>();
    private final Map<InvalidateRequest, Set<Integer>> retiring = new HashMap<>();
    private final Map<Integer, ArrayDeque<Set<Integer>>> owed = new HashMap<>();
    private final Set<Integer> dead = new HashSet<>();
    private final List<String> violations = new ArrayList<>();
    private final Set<Integer> stopped = new HashSet<>();
    private boolean failed;

    /** How often page requests were reset: a failure that was on its way then is of the past. */
    private int resets;

    private int begunAfterFailure;
    private int groupsInAll;
    private int completions;

    ProtocolModel(TranslationAgent link, int allocation, int threads) {
        this.link = link;
        this.allocation = allocation;
        this.threads = threads;
    }

    /** The host unmapped these frames, and is about to send a request that covers them. */
    synchronized void retire(InvalidateRequest request, Set<Integer> frames) {
        retiring.put(request, frames);
    }

    /** Bytes are being moved. */
    synchronized void touch(int frame) {
        if (dead.contains(frame)) {
            violations.add("frame " + frame + " was used after its completion");
        }
    }

    /** Page requests were disabled and reset while nobody used the device. */
    synchronized void reset() {
        groups.clear();
        failed = false;
        resets++;
        begunAfterFailure = 0;
    }

    synchronized boolean hasFailed() {
        return failed;
    }

    synchronized String violations() {
        return violations.isEmpty() ? "" : violations.size() + ": " + violations.get(0);
    }

    synchronized int owedCompletions() {
        return owed.values().stream().mapToInt(ArrayDeque::size).sum();
    }

    synchronized int groups() {
        return groupsInAll;
    }

    synchronized int completions() {
        return completions;
    }

    /**
     * The PASID was stopped: its groups were answered, or a Stop Marker says that they were not.
     * After Response Failure nothing is sent any more, and nobody waits for what was asked.
     */
    synchronized void checkStopped(int pasid) {
        boolean open = groups.values().stream().anyMatch(g -> g.pasid == pasid);
        if (open && !failed && !stopped.contains(pasid)) {
            violations.add("PASID " + pasid + " was stopped with requests open and no Stop Marker");
        }
    }

    private synchronized void arrived(InvalidateRequest request) {
        // The link may bring it twice: each arrival is a request of its own, about the same frames.
        owed.computeIfAbsent(request.itag(), tag -> new ArrayDeque<>())
                .add(retiring.getOrDefault(request, Set.of()));
    }

    private synchronized void leaves(InvalidateCompletion completion) {
        completions++;
        if (completion.completionCount() != 1 || Integer.bitCount(completion.itagVector()) != 1) {
            violations.add("an odd completion: " + completion);
            return;
        }
        int itag = Integer.numberOfTrailingZeros(completion.itagVector());
        ArrayDeque<Set<Integer>> requests = owed.getOrDefault(itag, new ArrayDeque<>());
        if (requests.isEmpty()) {
            violations.add("a completion of ITag " + itag + " that nobody asked for");
            return;
        }
        Set<Integer> frames = requests.remove();
        if (requests.isEmpty()) {
            dead.addAll(frames);
        } else {
            // Which of several requests with this ITag it is about cannot be told: the last ends
            // all.
            Set<Integer> all = new HashSet<>(requests.removeLast());
            all.addAll(frames);
            requests.add(all);
        }
    }

    private synchronized void leaves(PageRequest request) {
        if (request.isStopMarker()) {
            stopped.add(request.pasid());
            return;
        }
        Group group = groups.get(request.groupIndex());
        if (group == null) {
            group = new Group(request);
            groups.put(request.groupIndex(), group);
            groupsInAll++;
            // Each thread may have been about to send when the failure came.
            if (failed && ++begunAfterFailure > threads) {
                violations.add("a group began after Response Failure: " + request);
            }
        } else if (group.complete) {
            violations.add("an index was used again before its response: " + request);
        }
        if (request.pasid() != group.pasid
                || request.access() != group.access
                || request.address() != group.next) {
            violations.add("not of this group: " + request);
        }
        group.next += 4096;
        group.messages++;
        group.complete = request.last();
        int outstanding = groups.values().stream().mapToInt(g -> g.messages).sum();
        if (outstanding > allocation) {
            violations.add(outstanding + " messages are outstanding, allowed: " + allocation);
        }
    }

    private synchronized boolean answers(PageGroupResponse response) {
        Group group = groups.get(response.groupIndex());
        if (failed
                || group == null
                || !group.complete
                || (response.pasid() != group.pasid && response.pasid() != Pasid.NONE)) {
            return false;
        }
        groups.remove(response.groupIndex());
        return true;
    }

    private synchronized int resets() {
        return resets;
    }

    private synchronized void fail(int since) {
        if (resets == since) {
            failed = true;
            groups.clear();
        }
    }

    @Override
    public AgentPort connect(RequesterId requester, DevicePort device) {
        AgentPort port = link.connect(requester, new Towards(device));
        return new From(port);
    }

    @Override
    public void disconnect(RequesterId requester) {
        link.disconnect(requester);
    }

    /** What the device receives. */
    private final class Towards implements DevicePort {
        private final DevicePort device;

        Towards(DevicePort device) {
            this.device = device;
        }

        @Override
        public void invalidate(InvalidateRequest request) {
            arrived(request);
            device.invalidate(request);
        }

        @Override
        public void respond(PageGroupResponse response) {
            // Before the device, so that what is free for the device is free here.
            int before = resets();
            boolean answered = answers(response);
            device.respond(response);
            if (answered && response.response() == PageResponse.RESPONSE_FAILURE) {
                fail(before);
            }
        }
    }

    /** What the device sends. */
    private final class From implements AgentPort {
        private final AgentPort port;

        From(AgentPort port) {
            this.port = port;
        }

        @Override
        public int translate(int pasid, int access, long address, long[] entries) {
            return port.translate(pasid, access, address, entries);
        }

        @Override
        public long readTranslated(long address, byte[] target, int offset, int length) {
            touch((int) (address >>> 12));
            long result = port.readTranslated(address, target, offset, length);
            touch((int) (address >>> 12));
            return result;
        }

        @Override
        public long writeTranslated(long address, byte[] source, int offset, int length) {
            touch((int) (address >>> 12));
            long result = port.writeTranslated(address, source, offset, length);
            touch((int) (address >>> 12));
            return result;
        }

        @Override
        public void complete(InvalidateCompletion completion) {
            leaves(completion);
            port.complete(completion);
        }

        @Override
        public void request(PageRequest request) {
            leaves(request);
            port.request(request);
        }

        @Override
        public long read(int pasid, int access, long address, byte[] to, int offset, int length) {
            return port.read(pasid, access, address, to, offset, length);
        }

        @Override
        public long write(
                int pasid, int access, long address, byte[] from, int offset, int length) {
            return port.write(pasid, access, address, from, offset, length);
        }
    }
}
