package org.opensva.conformance.zoo;

import static org.opensva.conformance.rules.RuleId.*;

import com.google.inject.AbstractModule;
import com.google.inject.Module;
import com.google.inject.Provides;

import jakarta.inject.Singleton;

import org.opensva.api.ats.DevicePort;
import org.opensva.api.ats.EndpointFactory;
import org.opensva.api.ats.InvalidateRequest;
import org.opensva.api.ats.PageGroupResponse;
import org.opensva.api.iommu.AttachedDevice;
import org.opensva.api.iommu.PageFaultGroup;
import org.opensva.api.iommu.PageFaultHandler;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.SvaBinder;
import org.opensva.api.memory.Access;
import org.opensva.api.process.FaultOutcome;
import org.opensva.ats.AtsEndpointFactory;
import org.opensva.ats.EndpointQuirks;
import org.opensva.emulated.kernel.sva.SvaCore;

import java.time.Duration;
import java.util.List;

/** Members that answer page faults wrongly, or not at all. */
final class FaultPathFaults {

    /** Devices that are not answered give up after this, so that a test sees more than a hang. */
    private static final Duration PATIENCE = Duration.ofMillis(500);

    private FaultPathFaults() {}

    private static EndpointFactory impatient() {
        return new AtsEndpointFactory(EndpointQuirks.NONE, PATIENCE);
    }

    /** What becomes of an answer. */
    @FunctionalInterface
    private interface Answer {
        void give(AttachedDevice device, PageFaultGroup group, PageResponse response);
    }

    private static Defect answering(Answer answer) {
        return new Defect() {
            @Override
            public Module layers() {
                return new AbstractModule() {
                    @Provides
                    @Singleton
                    PageFaultHandler faults(SvaCore core) {
                        return (device, group) ->
                                core.report(
                                        new ForwardingDevice(device) {
                                            @Override
                                            public void respond(
                                                    PageFaultGroup asked, PageResponse response) {
                                                answer.give(device, asked, response);
                                            }
                                        },
                                        group);
                    }

                    @Provides
                    @Singleton
                    EndpointFactory endpoints() {
                        return impatient();
                    }
                };
            }
        };
    }

    /** The memory management, asked for something else than the device wants. */
    private static Defect askingFor(int access) {
        return new Defect() {
            @Override
            public Module layers() {
                return new AbstractModule() {
                    @Provides
                    @Singleton
                    SvaBinder binder(SvaCore core) {
                        return (function, space) ->
                                core.bind(
                                        function,
                                        new ForwardingAddressSpace(space) {
                                            @Override
                                            public FaultOutcome handleFault(
                                                    long address, int wanted) {
                                                return super.handleFault(address, access);
                                            }
                                        });
                    }
                };
            }
        };
    }

    /** Responses that reach the device under another group index than they were sent. */
    private static final class WrongGroup extends FaultyLink {
        @Override
        DevicePort towardsDevice(DevicePort port) {
            return new DevicePort() {
                @Override
                public void invalidate(InvalidateRequest request) {
                    port.invalidate(request);
                }

                @Override
                public void respond(PageGroupResponse response) {
                    port.respond(
                            new PageGroupResponse(
                                    response.pasid(),
                                    response.groupIndex() ^ 1,
                                    response.response()));
                }
            };
        }

        @Override
        public Module layers() {
            return com.google.inject.util.Modules.combine(
                    super.layers(),
                    new AbstractModule() {
                        @Provides
                        @Singleton
                        EndpointFactory endpoints() {
                            return impatient();
                        }
                    });
        }
    }

    static List<BrokenBackend> members() {
        return List.of(
                BrokenBackend.breaking("invalid-request-is-not-answered", FAULT_15)
                        .as(
                                "bc1f5ec826bf, iommu/amd: no completion for an invalid page"
                                        + " request")
                        .because("a group that asks for what is not there gets no answer")
                        .seenByWaiting()
                        .notTouching(FAULT_01, BIND_02)
                        .by(() ->
                                answering((device, group, response) -> {
                                    if (response != PageResponse.INVALID_REQUEST) {
                                        device.respond(group, response);
                                    }
                                })),
                BrokenBackend.breaking("invalid-request-succeeds", ATS_21)
                        .as(
                                "class of bug: a fault handler that reports success whatever"
                                        + " it found")
                        .because("a group that asks for what is not there is answered Success")
                        .notTouching(FAULT_01, BIND_02)
                        .by(() ->
                                answering((device, group, response) ->
                                        device.respond(group, PageResponse.SUCCESS))),
                BrokenBackend.breaking("answer-to-another-group", FAULT_01, BIND_02)
                        .as("class of bug: a page response that names another group")
                        .because("the answer carries the index of a neighbouring group")
                        .notTouching(UACCE_03, BIND_03)
                        .by(WrongGroup::new),
                BrokenBackend.breaking(
                                "write-fault-is-served-as-read",
                                FAULT_01,
                                FORK_06,
                                FAULT_24,
                                BIND_16,
                                FORK_04)
                        .as("class of bug: a fault handler that drops the wish to write")
                        .because("a device that wants to write is given a page to read")
                        .notTouching(UNMAP_01, BIND_03)
                        .by(() -> askingFor(Access.READ)));
    }
}
