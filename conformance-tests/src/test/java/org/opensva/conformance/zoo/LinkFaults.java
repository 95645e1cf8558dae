package org.opensva.conformance.zoo;

import static org.opensva.conformance.rules.RuleId.*;

import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.DevicePort;
import org.opensva.api.ats.InvalidateCompletion;
import org.opensva.api.ats.InvalidateRequest;
import org.opensva.api.ats.PageGroupResponse;
import org.opensva.api.ats.PageRequest;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.Access;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** Members whose IOMMU believes, takes or answers what it must not. */
final class LinkFaults {

    private static final String NO_PRI = "emulated:vtd-nopri";

    private LinkFaults() {}

    /** What becomes of a page request; the rest passes. */
    private static Defect taking(RequestChange change) {
        return new FaultyLink() {
            @Override
            AgentPort towardsIommu(AgentPort port) {
                return new ForwardingAgentPort(port) {
                    @Override
                    public void request(PageRequest request) {
                        change.apply(request, super::request);
                    }
                };
            }
        };
    }

    @FunctionalInterface
    private interface RequestChange {
        void apply(PageRequest request, Consumer<PageRequest> iommu);
    }

    private static PageRequest under(PageRequest request, int pasid) {
        return new PageRequest(
                pasid, request.address(), request.access(), request.groupIndex(), request.last());
    }

    /** A request whose PASID nobody has goes to the one that was seen first. */
    private static RequestChange to(boolean withoutPasid) {
        AtomicInteger first = new AtomicInteger(Pasid.NONE);
        return (request, iommu) -> {
            boolean foreign =
                    withoutPasid
                            ? request.pasid() == Pasid.NONE
                            : request.pasid() != Pasid.NONE && request.pasid() >= 64;
            if (foreign) {
                iommu.accept(under(request, first.get() == Pasid.NONE ? 1 : first.get()));
            } else {
                first.compareAndSet(Pasid.NONE, request.pasid());
                iommu.accept(request);
            }
        };
    }

    /** Requests wait until the group that is open has its last one. */
    private static final class OneGroupAtATime extends FaultyLink {
        private final Deque<PageRequest> waiting = new ArrayDeque<>();
        private int open = -1;

        @Override
        AgentPort towardsIommu(AgentPort port) {
            return new ForwardingAgentPort(port) {
                @Override
                public synchronized void request(PageRequest request) {
                    waiting.add(request);
                    while (true) {
                        PageRequest next =
                                waiting.stream()
                                        .filter(r -> open < 0 || r.groupIndex() == open)
                                        .findFirst()
                                        .orElse(null);
                        if (next == null) {
                            return;
                        }
                        waiting.remove(next);
                        open = next.last() ? -1 : next.groupIndex();
                        super.request(next);
                    }
                }
            };
        }
    }

    /** Answers that do not get through, or come unasked. */
    private abstract static class Answers extends FaultyLink {

        final ThreadLocal<Boolean> sending = ThreadLocal.withInitial(() -> false);
        final AtomicInteger count = new AtomicInteger();

        /** A request that was sent on. */
        void sent(PageRequest request, DevicePort device) {}

        /** Whether an answer gets through. */
        boolean passes(PageGroupResponse response) {
            return true;
        }

        /** What an answer becomes. */
        PageGroupResponse changed(PageGroupResponse response) {
            return response;
        }

        private volatile DevicePort latest =
                new DevicePort() {
                    @Override
                    public void invalidate(InvalidateRequest request) {}

                    @Override
                    public void respond(PageGroupResponse response) {}
                };

        @Override
        DevicePort towardsDevice(DevicePort port) {
            latest = port;
            return new ForwardingDevicePort(port) {
                @Override
                public void respond(PageGroupResponse response) {
                    if (passes(response)) {
                        super.respond(changed(response));
                    }
                }
            };
        }

        @Override
        AgentPort towardsIommu(AgentPort port) {
            DevicePort device = latest;
            return new ForwardingAgentPort(port) {
                @Override
                public void request(PageRequest request) {
                    sending.set(true);
                    try {
                        super.request(request);
                    } finally {
                        sending.set(false);
                    }
                    sent(request, device);
                }
            };
        }
    }

    /** Any completion from anywhere is the one that is waited for. */
    private static final class AnyCompletion extends FaultyLink {

        /** One link with what was asked for on it. */
        private record Link(AgentPort port, Deque<Integer> tags) {}

        private final List<Link> links = new CopyOnWriteArrayList<>();
        private final ThreadLocal<Deque<Integer>> made = new ThreadLocal<>();

        @Override
        DevicePort towardsDevice(DevicePort port) {
            Deque<Integer> tags = new ArrayDeque<>();
            made.set(tags);
            return new ForwardingDevicePort(port) {
                @Override
                public void invalidate(InvalidateRequest request) {
                    synchronized (tags) {
                        tags.add(request.itag());
                    }
                    super.invalidate(request);
                }
            };
        }

        @Override
        AgentPort towardsIommu(AgentPort port) {
            links.add(new Link(port, made.get()));
            return new ForwardingAgentPort(port) {
                @Override
                public void complete(InvalidateCompletion completion) {
                    for (Link link : links) {
                        Integer tag;
                        synchronized (link.tags()) {
                            tag = link.tags().poll();
                        }
                        if (tag != null) {
                            link.port().complete(InvalidateCompletion.of(tag));
                            return;
                        }
                    }
                }
            };
        }
    }

    /** Nobody waits for the completions of devices. */
    private static final class NobodyWaits extends FaultyLink {

        private final ThreadLocal<AgentPort[]> made = new ThreadLocal<>();

        @Override
        DevicePort towardsDevice(DevicePort port) {
            AgentPort[] agent = new AgentPort[1];
            made.set(agent);
            return new ForwardingDevicePort(port) {
                @Override
                public void invalidate(InvalidateRequest request) {
                    super.invalidate(request);
                    agent[0].complete(InvalidateCompletion.of(request.itag()));
                }
            };
        }

        @Override
        AgentPort towardsIommu(AgentPort port) {
            made.get()[0] = port;
            return new ForwardingAgentPort(port) {
                @Override
                public void complete(InvalidateCompletion completion) {}
            };
        }
    }

    static List<BrokenBackend> members() {
        return List.of(
                BrokenBackend.breaking("completion-is-never-waited-for", ATS_14, ATS_15)
                        .as(
                                "class of 9e249c484128 (CVE-2026-43220), iommu/amd: waits that end"
                                        + " without their completion")
                        .because("an invalidation counts as done when it was sent")
                        .notTouching(BIND_28, ATS_16)
                        .by(NobodyWaits::new),
                BrokenBackend.breaking("any-completion-will-do", ATS_15)
                        .as(
                                "class of 9e249c484128 (CVE-2026-43220), iommu/amd: completions"
                                        + " matched to the wrong wait")
                        .because("a completion of any device with any tag ends the oldest wait")
                        .notTouching(BIND_28, ATS_16)
                        .by(AnyCompletion::new),
                BrokenBackend.breaking("translated-accesses-are-trusted", ATS_16)
                        .as("class of bug: translated requests let through whoever sends them")
                        .because("a translated access is carried out for every device")
                        .notTouching(BIND_28, ATS_15)
                        .by(() -> new TrustingLink()),
                BrokenBackend.breaking("request-without-pasid-is-somebodys", FAULT_08)
                        .as(
                                "class of bug: a page request without PASID credited to the last"
                                        + " address space")
                        .because("a page request without PASID is served as one of the first")
                        .notTouching(FAULT_10, FAULT_26)
                        .by(() -> taking(to(true))),
                BrokenBackend.breaking("request-of-nobody-is-somebodys", FAULT_26)
                        .as(
                                "class of c43e1ccdebf2, iommu/vt-d: page requests that reach"
                                        + " another domain")
                        .because("a page request of a PASID nobody has is served as another's")
                        .notTouching(FAULT_10, FAULT_08)
                        .by(() -> taking(to(false))),
                BrokenBackend.breaking("partial-request-is-served", FAULT_10, FAULT_16)
                        .as(
                                "fca5b78511e9 (CVE-2024-44994), iommu: a partial request fell"
                                        + " through into group processing")
                        .because("each request of a group is answered as a group")
                        .perhapsAlso(FAULT_11)
                        .notTouching(FAULT_08, FAULT_17)
                        .by(() ->
                                taking((request, iommu) ->
                                        iommu.accept(
                                                new PageRequest(
                                                        request.pasid(),
                                                        request.address(),
                                                        request.access(),
                                                        request.groupIndex(),
                                                        true)))),
                BrokenBackend.breaking("only-the-last-request-counts", FAULT_10, FAULT_11)
                        .as("class of bug: a group of which only the last request is looked at")
                        .because("the requests of a group before the last are dropped")
                        .notTouching(FAULT_08, FAULT_17)
                        .by(() ->
                                taking((request, iommu) -> {
                                    if (request.last()) {
                                        iommu.accept(request);
                                    }
                                })),
                BrokenBackend.breaking("groups-are-served-one-by-one", FAULT_12)
                        .as(
                                "class of bug: a group that waits for its last request holds up"
                                        + " all others")
                        .because("while a group is open no other is looked at")
                        .seenByWaiting()
                        .notTouching(FAULT_08, FAULT_17)
                        .by(OneGroupAtATime::new),
                BrokenBackend.breaking("dropped-request-is-answered", FAULT_16)
                        .as(
                                "class of bug: an answer to a request that is not the last of its"
                                        + " group")
                        .because("a request that is too many for its group is answered at once")
                        .notTouching(FAULT_08, FAULT_17)
                        .by(() ->
                                new Answers() {
                                    @Override
                                    void sent(PageRequest request, DevicePort device) {
                                        if (!request.last() && count.incrementAndGet() > 512) {
                                            device.respond(
                                                    new PageGroupResponse(
                                                            request.pasid(),
                                                            request.groupIndex(),
                                                            PageResponse.INVALID_REQUEST));
                                        }
                                    }
                                }),
                BrokenBackend.breaking("stop-marker-is-answered", FAULT_17)
                        .as("class of bug: a Stop Marker taken for a page request")
                        .because("a Stop Marker gets an answer")
                        .notTouching(FAULT_08, FAULT_10)
                        .by(() ->
                                new Answers() {
                                    @Override
                                    void sent(PageRequest request, DevicePort device) {
                                        if (request.isStopMarker()) {
                                            device.respond(
                                                    new PageGroupResponse(
                                                            request.pasid(),
                                                            request.groupIndex(),
                                                            PageResponse.SUCCESS));
                                        }
                                    }
                                }),
                BrokenBackend.breaking("privileged-request-is-served", FAULT_18)
                        .as(
                                "class of bc1f5ec826bf, iommu/amd: malformed page requests that are"
                                        + " not told apart")
                        .because("a page request in privileged mode is served as an ordinary one")
                        .notTouching(FAULT_08, FAULT_10)
                        .by(() ->
                                taking((request, iommu) ->
                                        iommu.accept(
                                                new PageRequest(
                                                        request.pasid(),
                                                        request.address(),
                                                        request.access() & ~Access.PRIVILEGED,
                                                        request.groupIndex(),
                                                        request.last())))),
                BrokenBackend.breaking("overflow-is-silent", FAULT_19, ATS_24)
                        .as("class of bug: a page request queue that drops what does not fit")
                        .because("a last request that finds the queue full gets no answer")
                        .seenByWaiting()
                        .notTouching(FAULT_10, FAULT_17)
                        .by(() ->
                                new Answers() {
                                    @Override
                                    boolean passes(PageGroupResponse response) {
                                        // The hardware's own answer comes from within the request.
                                        return !sending.get() || count.incrementAndGet() > 3;
                                    }
                                }),
                BrokenBackend.breaking("unserved-request-is-answered-success", FAULT_21)
                        .as(
                                "class of bug: a system without page requests that says Success to"
                                        + " one, so that the device asks for ever")
                        .because("a page request is answered Success where none is served")
                        .notTouching(BIND_28, ATS_16)
                        .by(() ->
                                new Answers() {
                                    @Override
                                    public String machine() {
                                        return NO_PRI;
                                    }

                                    @Override
                                    PageGroupResponse changed(PageGroupResponse response) {
                                        return new PageGroupResponse(
                                                response.pasid(),
                                                response.groupIndex(),
                                                PageResponse.SUCCESS);
                                    }
                                }),
                BrokenBackend.breaking("bind-opens-the-way-without-pasid", BIND_22)
                        .as(
                                "class of bug: the stream entry says bypass or process for requests"
                                        + " without PASID while PASIDs are bound")
                        .because("once a PASID is bound, requests without one are let through")
                        .notTouching(BIND_28, ATS_16)
                        .by(() ->
                                new FaultyLink() {
                                    @Override
                                    AgentPort towardsIommu(AgentPort port) {
                                        return new ForwardingAgentPort(port) {
                                            @Override
                                            public long read(
                                                    int pasid,
                                                    int access,
                                                    long address,
                                                    byte[] target,
                                                    int offset,
                                                    int length) {
                                                return super.read(
                                                        pasid == Pasid.NONE ? 1 : pasid,
                                                        access,
                                                        address,
                                                        target,
                                                        offset,
                                                        length);
                                            }
                                        };
                                    }
                                }));
    }

    /** Says of every translated access that it was carried out. */
    private static final class TrustingLink extends FaultyLink {

        @Override
        AgentPort towardsIommu(AgentPort port) {
            return new ForwardingAgentPort(port) {
                @Override
                public long readTranslated(long address, byte[] target, int offset, int length) {
                    long result = super.readTranslated(address, target, offset, length);
                    return DmaResult.isComplete(result) ? result : DmaResult.complete(length);
                }
            };
        }
    }
}
