package org.opensva.conformance.zoo;

import com.google.inject.AbstractModule;
import com.google.inject.Module;
import com.google.inject.Provides;
import com.google.inject.util.Modules;

import jakarta.inject.Singleton;

import org.opensva.api.memory.MmioRegion;
import org.opensva.api.telemetry.HardwareEvent.Kind;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.emulated.machine.EventLog;
import org.opensva.smmuv3.layout.Command;
import org.opensva.smmuv3.layout.CommandEncoder;
import org.opensva.smmuv3.layout.Opcode;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * The driver tells the ATC first and the IOTLB afterwards. A device that is busy asks again in
 * between, and is given the stale translation once more.
 */
final class AtcBeforeIotlb extends Miscommanded {

    /** How long the IOTLB is stale while the ATC is clean: a slow IOMMU, a busy device. */
    private static final long WINDOW_NANOS = 2_000_000;

    /** Guarded by the lock of the driver's queue. */
    private boolean iotlbIsOwed;

    private boolean pays;

    @Override
    void edit(long[] words) {
        boolean tellsAtc = false;
        int last = words.length / Command.WORDS - 1;
        for (int i = 0; i <= last; i++) {
            if (is(Opcode.TLBI_NH_VA, words, i)) {
                blank(words, i);
                iotlbIsOwed = true;
            }
            tellsAtc |= is(Opcode.ATC_INV, words, i);
        }
        pays = iotlbIsOwed && tellsAtc && is(Opcode.SYNC, words, last);
        if (pays) {
            iotlbIsOwed = false;
            CommandEncoder.tlbiNsnhAll(words, last * Command.WORDS);
        }
    }

    @Override
    void publish(MmioRegion registers, long beforeLast, long last) {
        if (pays) {
            tell(registers, beforeLast);
            LockSupport.parkNanos(WINDOW_NANOS);
        }
        tell(registers, last);
    }

    @Override
    public Module layers() {
        return Modules.combine(
                super.layers(),
                new AbstractModule() {
                    @Provides
                    @Singleton
                    HardwareEventSink events(EventLog log) {
                        return new Swapped(log);
                    }
                });
    }

    /** What such a driver would tell of itself. */
    private static final class Swapped implements HardwareEventSink {

        private record Postponed(Kind kind, int requester, int pasid, long address, long length) {}

        private final HardwareEventSink to;
        private final ThreadLocal<List<Postponed>> postponed =
                ThreadLocal.withInitial(ArrayList::new);

        Swapped(HardwareEventSink to) {
            this.to = to;
        }

        @Override
        public void record(Kind kind, int requester, int pasid, long address, long length) {
            if (kind == Kind.IOTLB_INVALIDATE || kind == Kind.IOTLB_SYNC) {
                postponed.get().add(new Postponed(kind, requester, pasid, address, length));
                return;
            }
            if (kind != Kind.ATC_INVALIDATE && kind != Kind.ATC_SYNC) {
                flush();
            }
            to.record(kind, requester, pasid, address, length);
            if (kind == Kind.ATC_SYNC) {
                flush();
            }
        }

        private void flush() {
            List<Postponed> owed = postponed.get();
            for (Postponed event : owed) {
                to.record(
                        event.kind(),
                        event.requester(),
                        event.pasid(),
                        event.address(),
                        event.length());
            }
            owed.clear();
        }
    }
}
