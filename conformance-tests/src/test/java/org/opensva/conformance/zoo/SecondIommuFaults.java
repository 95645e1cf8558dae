package org.opensva.conformance.zoo;

import static org.opensva.conformance.rules.RuleId.*;

import com.google.inject.AbstractModule;
import com.google.inject.Module;
import com.google.inject.Provides;
import com.google.inject.name.Named;

import jakarta.inject.Singleton;

import org.jspecify.annotations.Nullable;
import org.opensva.api.iommu.IommuDriver;
import org.opensva.api.iommu.SvaDomain;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.AddressSpaceListener;
import org.opensva.smmuv3.driver.SmmuV3Driver;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Members that forget one of two IOMMUs. */
final class SecondIommuFaults {

    private static final String MACHINE = "emulated:smmuv3-dual";

    private SecondIommuFaults() {}

    static List<BrokenBackend> members() {
        return List.of(
                BrokenBackend.breaking("the-first-iommu-alone-is-told", BIND_05, UNMAP_06, BIND_04)
                        .as(
                                "be51b1d6bbff, iommu/sva: one domain for an address space, kept"
                                        + " where the IOMMU instance was not compared")
                        .because("an invalidation reaches the IOMMU that was bound first alone")
                        .perhapsAlso(UNMAP_29)
                        .notTouching(BIND_03, UACCE_03)
                        .by(() -> new Forgetful(false)),
                BrokenBackend.breaking("the-first-iommu-alone-is-released", EXIT_02, EXIT_16)
                        .as(
                                "class of bug: the release of an address space stops at the first"
                                        + " IOMMU")
                        .because("the end of an address space reaches the first IOMMU alone")
                        .perhapsAlso(EXIT_01, EXIT_03, BIND_05)
                        .notTouching(UNMAP_06)
                        .by(() -> new Forgetful(true)),
                BrokenBackend.breaking("the-last-unbind-of-one-iommu-deafens-the-other", BIND_05)
                        .as(
                                "class of bug: one notifier for an address space, unregistered with"
                                        + " the domain of the IOMMU that was bound first")
                        .because(
                                "the subscription of an address space ends with the domain of the"
                                        + " first IOMMU, though another one has a domain still")
                        .perhapsAlso(BIND_04)
                        .notTouching(UNMAP_06, UNMAP_01)
                        .by(Deafened::new));
    }

    /** The driver of the second IOMMU hears nothing of changes, or nothing of the end. */
    private static final class Forgetful implements Defect {
        private final boolean atTheEnd;

        Forgetful(boolean atTheEnd) {
            this.atTheEnd = atTheEnd;
        }

        @Override
        public String machine() {
            return MACHINE;
        }

        @Override
        public Module layers() {
            return new AbstractModule() {
                @Provides
                @Singleton
                @Named("iommu-1")
                IommuDriver driver(@Named("iommu-1") SmmuV3Driver sound) {
                    return telling(
                            sound,
                            (space, driver, range) -> {
                                if (atTheEnd && range != null) {
                                    driver.invalidate(range);
                                } else if (!atTheEnd && range == null) {
                                    driver.release();
                                }
                            });
                }
            };
        }
    }

    /** Whoever unbinds the first IOMMU takes the ears of the second. */
    private static final class Deafened implements Defect {
        private final Set<Long> deaf = ConcurrentHashMap.newKeySet();

        @Override
        public String machine() {
            return MACHINE;
        }

        @Override
        public Module layers() {
            return new AbstractModule() {
                @Provides
                @Singleton
                IommuDriver first(SmmuV3Driver sound) {
                    return new ForwardingDriver(sound) {
                        @Override
                        public SvaDomain createDomain(AddressSpace addressSpace) {
                            return sound.createDomain(new Ending(addressSpace));
                        }
                    };
                }

                @Provides
                @Singleton
                @Named("iommu-1")
                IommuDriver second(@Named("iommu-1") SmmuV3Driver sound) {
                    return telling(
                            sound,
                            (space, driver, range) -> {
                                if (range == null) {
                                    driver.release();
                                } else if (!deaf.contains(space.id())) {
                                    driver.invalidate(range);
                                }
                            });
                }
            };
        }

        /** Its subscription takes all others of the address space with it. */
        private final class Ending extends ForwardingAddressSpace {

            Ending(AddressSpace to) {
                super(to);
            }

            @Override
            public Subscription subscribe(AddressSpaceListener listener) {
                deaf.remove(id());
                Subscription subscription = super.subscribe(listener);
                return () -> {
                    deaf.add(id());
                    subscription.close();
                };
            }
        }
    }

    /** What reaches a driver; a null range is the end of the address space. */
    @FunctionalInterface
    private interface Message {
        void pass(AddressSpace space, AddressSpaceListener driver, @Nullable AddressRange range);
    }

    private static IommuDriver telling(IommuDriver sound, Message message) {
        return new ForwardingDriver(sound) {
            @Override
            public SvaDomain createDomain(AddressSpace addressSpace) {
                return sound.createDomain(new Muffled(addressSpace, message));
            }
        };
    }

    private static final class Muffled extends ForwardingAddressSpace {
        private final Message message;

        Muffled(AddressSpace to, Message message) {
            super(to);
            this.message = message;
        }

        @Override
        public Subscription subscribe(AddressSpaceListener driver) {
            return super.subscribe(
                    new AddressSpaceListener() {
                        @Override
                        public void invalidate(AddressRange range) {
                            message.pass(Muffled.this, driver, range);
                        }

                        @Override
                        public void release() {
                            message.pass(Muffled.this, driver, null);
                        }
                    });
        }
    }
}
