package org.opensva.conformance.zoo;

import static org.opensva.conformance.rules.RuleId.*;

import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.DevicePort;
import org.opensva.api.ats.Endpoint;
import org.opensva.api.ats.InvalidateCompletion;
import org.opensva.api.ats.InvalidateRequest;
import org.opensva.api.ats.PageGroupResponse;
import org.opensva.api.ats.PageRequest;
import org.opensva.api.ats.TranslationEntry;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.Access;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;

/** Members whose devices break the rules of ATS or of the page request interface. */
final class EndpointFaults {

    private EndpointFaults() {}

    private static Defect sending(UnaryOperator<AgentPort> around) {
        return new FaultyEndpoint() {
            @Override
            AgentPort sending(AgentPort port, AtomicBoolean ats) {
                return around.apply(port);
            }
        };
    }

    private static Defect requesting(UnaryOperator<PageRequest> change) {
        return sending(port ->
                new ForwardingAgentPort(port) {
                    @Override
                    public void request(PageRequest request) {
                        super.request(request.isStopMarker() ? request : change.apply(request));
                    }
                });
    }

    private static Defect answered(UnaryOperator<PageGroupResponse> change) {
        return new FaultyEndpoint() {
            @Override
            DevicePort receiving(DevicePort port, AtomicBoolean ats) {
                return new ForwardingDevicePort(port) {
                    @Override
                    public void respond(PageGroupResponse response) {
                        super.respond(change.apply(response));
                    }
                };
            }
        };
    }

    /** A larger size than the one that was granted, at the same place. */
    private static long doubled(long entry) {
        int shift = TranslationEntry.sizeShift(entry);
        long flags = entry & 0x6ff & ~TranslationEntry.S;
        return shift == 12 || shift > 40
                ? entry
                : TranslationEntry.of(TranslationEntry.address(entry), shift + 1, flags);
    }

    /** An invalidation is looked at when no page request is outstanding any more. */
    private static final class InvalidatesLast extends FaultyEndpoint {
        private static final long PATIENCE = 6_000_000_000L;

        private final AtomicInteger outstanding = new AtomicInteger();

        @Override
        AgentPort sending(AgentPort port, AtomicBoolean ats) {
            return new ForwardingAgentPort(port) {
                @Override
                public void request(PageRequest request) {
                    if (request.last() && !request.isStopMarker()) {
                        outstanding.incrementAndGet();
                    }
                    super.request(request);
                }
            };
        }

        @Override
        DevicePort receiving(DevicePort port, AtomicBoolean ats) {
            return new ForwardingDevicePort(port) {
                @Override
                public void respond(PageGroupResponse response) {
                    outstanding.decrementAndGet();
                    super.respond(response);
                }

                @Override
                public void invalidate(InvalidateRequest request) {
                    long begin = System.nanoTime();
                    while (outstanding.get() > 0 && System.nanoTime() - begin < PATIENCE) {
                        Thread.yield();
                    }
                    super.invalidate(request);
                }
            };
        }
    }

    /** Two group indexes for everybody; answers go to whoever came first. */
    private static final class SharedIndexes extends FaultyEndpoint {
        private final Map<Integer, Queue<Integer>> real = new HashMap<>();

        @Override
        AgentPort sending(AgentPort port, AtomicBoolean ats) {
            return new ForwardingAgentPort(port) {
                @Override
                public void request(PageRequest request) {
                    int shared = request.groupIndex() & 1;
                    if (request.last()) {
                        synchronized (real) {
                            real.computeIfAbsent(shared, key -> new ArrayDeque<>())
                                    .add(request.groupIndex());
                        }
                    }
                    super.request(
                            new PageRequest(
                                    request.pasid(),
                                    request.address(),
                                    request.access(),
                                    shared,
                                    request.last()));
                }
            };
        }

        @Override
        DevicePort receiving(DevicePort port, AtomicBoolean ats) {
            return new ForwardingDevicePort(port) {
                @Override
                public void respond(PageGroupResponse response) {
                    Integer index;
                    synchronized (real) {
                        index = real.getOrDefault(response.groupIndex(), new ArrayDeque<>()).poll();
                    }
                    if (index != null) {
                        super.respond(
                                new PageGroupResponse(
                                        response.pasid(), index, response.response()));
                    }
                }
            };
        }
    }

    /** Whatever answer comes is that of the group that was asked for last. */
    private static final class AnyAnswer extends FaultyEndpoint {
        private volatile PageRequest last = PageRequest.stopMarker(1);

        @Override
        AgentPort sending(AgentPort port, AtomicBoolean ats) {
            return new ForwardingAgentPort(port) {
                @Override
                public void request(PageRequest request) {
                    last = request;
                    super.request(request);
                }
            };
        }

        @Override
        DevicePort receiving(DevicePort port, AtomicBoolean ats) {
            return new ForwardingDevicePort(port) {
                @Override
                public void respond(PageGroupResponse response) {
                    super.respond(
                            new PageGroupResponse(
                                    last.pasid(), last.groupIndex(), response.response()));
                }
            };
        }
    }

    static List<BrokenBackend> members() {
        return List.of(
                BrokenBackend.breaking("invalidations-wait-for-page-requests", ATS_10)
                        .as("PCIe ATS: an Invalidate Request never waits for a Page Request")
                        .because(
                                "a device looks at invalidations when none of its page requests is"
                                        + " outstanding, and the kernel serves them behind the"
                                        + " unmapping")
                        .seenByWaiting()
                        .notTouching(FORK_12, UACCE_19)
                        .by(InvalidatesLast::new),
                BrokenBackend.breaking("translation-is-asked-for-without-ats", ATS_01)
                        .as("class of bug: an ATC that is not bypassed while ATS is off")
                        .because("untranslated accesses are preceded by a translation request")
                        .notTouching(ATS_02, ATS_13)
                        .by(() ->
                                sending(port ->
                                        new ForwardingAgentPort(port) {
                                            @Override
                                            public long read(
                                                    int pasid,
                                                    int access,
                                                    long address,
                                                    byte[] target,
                                                    int offset,
                                                    int length) {
                                                translate(pasid, access, address, new long[1]);
                                                return super.read(
                                                        pasid, access, address, target, offset,
                                                        length);
                                            }
                                        })),
                BrokenBackend.breaking("size-of-a-translation-is-misread", ATS_02)
                        .as(
                                "class of bug: the size field of a translation completion decoded"
                                        + " one too large")
                        .because("a translation of several pages is used for as many beyond")
                        .notTouching(ATS_01, ATS_09)
                        .by(() ->
                                sending(port ->
                                        new ForwardingAgentPort(port) {
                                            @Override
                                            public int translate(
                                                    int pasid,
                                                    int access,
                                                    long address,
                                                    long[] answer) {
                                                int count =
                                                        super.translate(
                                                                pasid, access, address, answer);
                                                for (int i = 0; i < count; i++) {
                                                    answer[i] = doubled(answer[i]);
                                                }
                                                return count;
                                            }
                                        })),
                BrokenBackend.breaking("unsupported-request-is-an-abort", ATS_05)
                        .as(
                                "class of bug: the answers to a translation request folded into"
                                        + " one failure")
                        .because("the ATC goes on asking after Unsupported Request")
                        .notTouching(ATS_01, ATS_13)
                        .by(() ->
                                sending(port ->
                                        new ForwardingAgentPort(port) {
                                            @Override
                                            public int translate(
                                                    int pasid,
                                                    int access,
                                                    long address,
                                                    long[] answer) {
                                                int count =
                                                        super.translate(
                                                                pasid, access, address, answer);
                                                return count == UNSUPPORTED_REQUEST
                                                        ? COMPLETER_ABORT
                                                        : count;
                                            }
                                        })),
                BrokenBackend.breaking("completion-is-sent-twice", ATS_09)
                        .as(
                                "class of bug: a completion for each traffic class, and a count of"
                                        + " one in each")
                        .because(
                                "each Invalidate Completion is sent twice and says that it is"
                                        + " the only one")
                        .notTouching(ATS_01, ATS_13)
                        .by(() ->
                                sending(port ->
                                        new ForwardingAgentPort(port) {
                                            @Override
                                            public void complete(InvalidateCompletion completion) {
                                                super.complete(completion);
                                                super.complete(completion);
                                            }
                                        })),
                BrokenBackend.breaking("no-completion-while-ats-is-off", ATS_11)
                        .as("class of bug: an early return on a disabled ATC")
                        .because("an Invalidate Request is not completed while ATS is disabled")
                        .seenByWaiting()
                        .notTouching(ATS_01, ATS_09)
                        .by(() ->
                                new FaultyEndpoint() {
                                    @Override
                                    DevicePort receiving(DevicePort port, AtomicBoolean ats) {
                                        return new ForwardingDevicePort(port) {
                                            @Override
                                            public void invalidate(InvalidateRequest request) {
                                                if (ats.get()) {
                                                    super.invalidate(request);
                                                }
                                            }
                                        };
                                    }
                                }),
                BrokenBackend.breaking("atc-survives-its-switch", ATS_13, ATS_01)
                        .as("class of bug: the ATS enable bit that stops nothing")
                        .because("the ATC keeps its entries, and works, while ATS is disabled")
                        .notTouching(ATS_02, ATS_09)
                        .by(() ->
                                new FaultyEndpoint() {
                                    @Override
                                    Endpoint around(Endpoint endpoint, AgentPort port) {
                                        return new ForwardingEndpoint(endpoint) {
                                            @Override
                                            public void setAtsEnabled(boolean enabled) {
                                                if (enabled) {
                                                    super.setAtsEnabled(true);
                                                }
                                            }
                                        };
                                    }
                                }),
                BrokenBackend.breaking("page-requests-beyond-their-allocation", ATS_17)
                        .as("class of bug: credits that are read once and never limited")
                        .because("the allocation of page requests is ignored")
                        .notTouching(ATS_18, ATS_19)
                        .by(() ->
                                new FaultyEndpoint() {
                                    @Override
                                    Endpoint around(Endpoint endpoint, AgentPort port) {
                                        return new ForwardingEndpoint(endpoint) {
                                            @Override
                                            public void setPriEnabled(
                                                    boolean enabled, int outstanding) {
                                                super.setPriEnabled(enabled, enabled ? 512 : 0);
                                            }
                                        };
                                    }
                                }),
                BrokenBackend.breaking("group-index-is-used-twice", ATS_18)
                        .as("class of bug: a group index given out again before its answer")
                        .because("two group indexes serve every group of the device")
                        .notTouching(ATS_01, ATS_19)
                        .by(SharedIndexes::new),
                BrokenBackend.breaking("every-page-request-wants-to-write", ATS_19)
                        .as(
                                "class of bug: page requests that always ask for writing, so that"
                                        + " pages are copied and dirtied for reads")
                        .because("a page request for a read asks for writing as well")
                        .notTouching(ATS_17, ATS_18)
                        .by(() ->
                                requesting(request ->
                                        new PageRequest(
                                                request.pasid(),
                                                request.address(),
                                                request.access() | Access.WRITE,
                                                request.groupIndex(),
                                                request.last()))),
                BrokenBackend.breaking("response-failure-is-taken-for-invalid", ATS_22)
                        .as(
                                "class of bug: response codes of page requests folded into one"
                                        + " failure")
                        .because("the device goes on asking for pages after Response Failure")
                        .notTouching(ATS_17, ATS_19)
                        .by(() ->
                                answered(response ->
                                        response.response() == PageResponse.RESPONSE_FAILURE
                                                ? new PageGroupResponse(
                                                        response.pasid(),
                                                        response.groupIndex(),
                                                        PageResponse.INVALID_REQUEST)
                                                : response)),
                BrokenBackend.breaking("any-answer-will-do", ATS_23)
                        .as(
                                "class of bug: answers that are not compared with the group that"
                                        + " waits")
                        .because(
                                "an answer that names another group completes the one that"
                                        + " waits")
                        .notTouching(ATS_19, ATS_01)
                        .by(AnyAnswer::new),
                BrokenBackend.breaking("page-request-behind-the-stop-marker", ATS_25, EXIT_08)
                        .as(
                                "class of bug: an engine with a private prefetch that does not know"
                                        + " of the stop")
                        .because("a page is asked for after the Stop Marker of its PASID")
                        .notTouching(ATS_19, ATS_23)
                        .by(() ->
                                new FaultyEndpoint() {
                                    @Override
                                    Endpoint around(Endpoint endpoint, AgentPort port) {
                                        return new ForwardingEndpoint(endpoint) {
                                            @Override
                                            public void stopPasid(Pasid pasid) {
                                                super.stopPasid(pasid);
                                                port.request(PageRequest.stopMarker(pasid.value()));
                                                port.request(
                                                        new PageRequest(
                                                                pasid.value(),
                                                                0x5000,
                                                                Access.READ,
                                                                511,
                                                                true));
                                            }
                                        };
                                    }
                                }));
    }
}
