package org.opensva.conformance.zoo;

import static org.opensva.conformance.rules.RuleId.*;

import com.google.inject.AbstractModule;
import com.google.inject.Module;
import com.google.inject.Provides;

import jakarta.inject.Singleton;

import org.opensva.api.ats.DevicePort;
import org.opensva.api.ats.PageGroupResponse;
import org.opensva.api.iommu.AttachedDevice;
import org.opensva.api.iommu.DeviceFunction;
import org.opensva.api.iommu.IommuDriver;
import org.opensva.api.iommu.PageFaultHandler;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.SvaDomain;
import org.opensva.api.process.AddressSpace;
import org.opensva.conformance.suite.parts.OtherTables;
import org.opensva.smmuv3.driver.SmmuV3Driver;
import org.opensva.smmuv3.layout.Command;
import org.opensva.smmuv3.layout.Opcode;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Members whose IOMMU driver does the right things in the wrong way. */
final class DriverFaults {

    private DriverFaults() {}

    /** Decorates the driver. */
    private static Defect driven(UnaryOperator<IommuDriver> around) {
        return new Defect() {
            @Override
            public Module layers() {
                return new AbstractModule() {
                    @Provides
                    @Singleton
                    IommuDriver driver(SmmuV3Driver sound) {
                        return around.apply(sound);
                    }
                };
            }
        };
    }

    private static Defect seeing(UnaryOperator<DeviceFunction> function) {
        return driven(sound ->
                new ForwardingDriver(sound) {
                    @Override
                    public AttachedDevice attach(DeviceFunction real, PageFaultHandler faults) {
                        return super.attach(function.apply(real), faults);
                    }
                });
    }

    private static Defect controlling(UnaryOperator<AttachedDevice> device) {
        return driven(sound ->
                new ForwardingDriver(sound) {
                    @Override
                    public AttachedDevice attach(DeviceFunction real, PageFaultHandler faults) {
                        return device.apply(super.attach(real, faults));
                    }
                });
    }

    /** ATS is enabled as soon as PASID should be, and PASID when ATS should be. */
    private static final class Swapped extends ForwardingFunction {

        Swapped(DeviceFunction to) {
            super(to);
        }

        @Override
        public void setPasidEnabled(boolean enabled) {
            super.setAtsEnabled(enabled);
        }

        @Override
        public void setAtsEnabled(boolean enabled) {
            super.setPasidEnabled(enabled);
        }
    }

    /** The PASID goes to whoever comes last. */
    private static final class Overwriting extends ForwardingDevice {
        private final Map<Pasid, SvaDomain> bound = new HashMap<>();

        Overwriting(AttachedDevice to) {
            super(to);
        }

        @Override
        public synchronized void bind(Pasid pasid, SvaDomain domain) {
            if (bound.containsKey(pasid)) {
                super.unbind(pasid);
            }
            super.bind(pasid, domain);
            bound.put(pasid, domain);
        }

        @Override
        public synchronized void unbind(Pasid pasid) {
            bound.remove(pasid);
            super.unbind(pasid);
        }
    }

    /** Answers that are due while a device is detached never reach it. */
    private static final class Unanswered extends FaultyLink {
        private volatile boolean detaching;

        @Override
        DevicePort towardsDevice(DevicePort port) {
            return new ForwardingDevicePort(port) {
                @Override
                public void respond(PageGroupResponse response) {
                    if (!detaching) {
                        super.respond(response);
                    }
                }
            };
        }

        @Override
        public Module layers() {
            Defect closing =
                    controlling(device ->
                            new ForwardingDevice(device) {
                                @Override
                                public void close() {
                                    detaching = true;
                                    try {
                                        super.close();
                                    } finally {
                                        detaching = false;
                                    }
                                }
                            });
            return com.google.inject.util.Modules.combine(super.layers(), closing.layers());
        }
    }

    static List<BrokenBackend> members() {
        return List.of(
                BrokenBackend.breaking("ats-before-pasid", BIND_18)
                        .as("c694bc8b612d, iommu/amd: ATS enabled before PASID")
                        .because("ATS is enabled in the device first, PASID after it")
                        .notTouching(ATS_01, ATS_02)
                        .by(() -> seeing(Swapped::new)),
                BrokenBackend.breaking("any-table-will-do", BIND_20, BIND_21)
                        .as(
                                "780dfed68862, iommu/vt-d: SVA allowed where walks cannot follow"
                                        + " the processor's tables")
                        .because("the format and the widths of page tables are not looked at")
                        .notTouching(BIND_28, BIND_22)
                        .by(() ->
                                driven(sound ->
                                        new ForwardingDriver(sound) {
                                            @Override
                                            public SvaDomain createDomain(AddressSpace space) {
                                                return super.createDomain(
                                                        space instanceof OtherTables other
                                                                ? other.real()
                                                                : space);
                                            }
                                        })),
                BrokenBackend.breaking("valid-bit-first", BIND_23)
                        .as(
                                "22d169bdd284 and 194b3348bdbb, iommu/vt-d: entries published"
                                        + " before their contents")
                        .because(
                                "the first word of a context descriptor is stored before the"
                                        + " others")
                        .notTouching(BIND_28, BIND_22)
                        .by(ValidBitFirst::new),
                BrokenBackend.breaking("entry-in-use-is-overwritten", BIND_28)
                        .as("423d39d8518c, iommu/vt-d: setup overwrote entries in use")
                        .because("a bind of a PASID that is bound replaces the entry")
                        .notTouching(BIND_22, BIND_23)
                        .by(() -> controlling(Overwriting::new)),
                BrokenBackend.breaking("range-command-of-one-unit", UNMAP_13)
                        .as(
                                "eb6c97647be2, iommu/arm-smmu-v3: range commands with number and"
                                        + " scale that do not cover the range")
                        .because("a range command says one unit, whatever it should cover")
                        .perhapsAlso(UNMAP_01)
                        .notTouching(BIND_28, UNMAP_32)
                        .by(() ->
                                HardwareFaults.commanded(
                                        Opcode.TLBI_NH_VA,
                                        (words, command, before) -> {
                                            int at = command * Command.WORDS;
                                            if (Command.TG.in(words, at) != 0) {
                                                Command.NUM.put(words, at, 0);
                                                Command.SCALE.put(words, at, 1);
                                            }
                                        })),
                BrokenBackend.breaking("quirk-is-not-known", UNMAP_32)
                        .as(
                                "e65a6897be5e, iommu/vt-d: devices that need each device TLB"
                                        + " invalidation twice")
                        .because("a device that says it needs two invalidations gets one")
                        .notTouching(BIND_28, UNMAP_13)
                        .by(() ->
                                seeing(function ->
                                        new ForwardingFunction(function) {
                                            @Override
                                            public int invalidationsNeeded() {
                                                return 1;
                                            }
                                        })),
                BrokenBackend.breaking("pending-groups-are-dropped", EXIT_13)
                        .as(
                                "f0b9d31c6edd (CVE-2025-38594), iommu: the fault queue dismantled"
                                        + " with faults pending")
                        .because("groups that are pending when a device is detached get no answer")
                        .seenByWaiting()
                        .notTouching(BIND_28, FAULT_10)
                        .by(Unanswered::new),
                BrokenBackend.breaking("every-stall-is-aborted", FAULT_20, FAULT_13)
                        .as("class of bug: a resume that aborts what should be retried")
                        .because("stalled accesses are answered with abort whatever came of them")
                        .notTouching(BIND_28, UNMAP_13)
                        .by(() ->
                                new Miscommanded() {
                                    @Override
                                    public String machine() {
                                        return "emulated:smmuv3-stall";
                                    }

                                    @Override
                                    void edit(long[] words) {
                                        for (int i = 0; i < words.length / Command.WORDS; i++) {
                                            if (is(Opcode.RESUME, words, i)) {
                                                int at = i * Command.WORDS;
                                                Command.ACTION.put(words, at, 0);
                                                Command.ABORT.put(words, at, 1);
                                            }
                                        }
                                    }
                                }));
    }
}
