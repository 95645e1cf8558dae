package org.opensva.conformance.zoo;

import com.google.inject.AbstractModule;
import com.google.inject.Module;
import com.google.inject.Provides;
import com.google.inject.util.Modules;

import jakarta.inject.Singleton;

import org.opensva.api.memory.AddressRange;
import org.opensva.api.telemetry.HardwareEvent.Kind;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.emulated.kernel.mm.ProcessorTlbs;
import org.opensva.emulated.machine.EventLog;
import org.opensva.smmuv3.layout.Command;
import org.opensva.smmuv3.layout.Opcode;

/** What goes wrong where the IOTLB follows the processors' own TLB maintenance. */
final class Broadcasting {

    static final String MACHINE = "emulated:smmuv3-btm";

    private Broadcasting() {}

    /** The driver takes the broadcast for enough, until the address space ends. */
    static final class AtcForgotten extends Miscommanded {

        @Override
        public String machine() {
            return MACHINE;
        }

        @Override
        void edit(long[] words) {
            for (int i = 0; i < words.length / Command.WORDS; i++) {
                if (is(Opcode.ATC_INV, words, i)
                        && Command.ATC_SIZE.in(words, i * Command.WORDS) != Command.ATC_SIZE_ALL) {
                    blank(words, i);
                }
            }
        }

        /** What such a driver would tell of itself. */
        @Override
        public Module layers() {
            return Modules.combine(
                    super.layers(),
                    new AbstractModule() {
                        @Provides
                        @Singleton
                        HardwareEventSink events(EventLog log) {
                            return (kind, requester, pasid, address, length) -> {
                                boolean part = length != AddressRange.WHOLE.length() && length >= 0;
                                if (kind != Kind.ATC_INVALIDATE || !part) {
                                    log.record(kind, requester, pasid, address, length);
                                }
                            };
                        }
                    });
        }
    }

    /** The SMMU is not in the shareability domain of the processors, and nobody told the driver. */
    static final class Unheard implements Defect {

        @Override
        public String machine() {
            return MACHINE;
        }

        @Override
        public Module layers() {
            return new AbstractModule() {
                @Provides
                @Singleton
                ProcessorTlbs tlbs() {
                    return new ProcessorTlbs() {
                        @Override
                        public int asids() {
                            return 1 << 15;
                        }

                        @Override
                        public void invalidate(int asid, AddressRange range, boolean lastLevel) {}

                        @Override
                        public void synchronize() {}
                    };
                }
            };
        }
    }
}
