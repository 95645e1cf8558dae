package org.opensva.emulated.kernel.process;

import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.opensva.api.memory.Access;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.AddressSpaceListener;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.FaultOutcome;
import org.opensva.api.process.SvaProcess;
import org.opensva.emulated.kernel.TestMachine;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.function.Predicate;

/**
 * A process with its model, and with a tenacious device: it caches every translation it can get,
 * and keeps it until it is told.
 */
final class ModelActor implements AddressSpaceListener {

    static final long BASE = 0x1000_0000L;
    static final int PAGES = 24;

    final TestMachine machine;
    final SvaProcess process;
    final MemoryModel.Cell[] cells = new MemoryModel.Cell[PAGES];
    private final Map<Long, Long> cached = new HashMap<>();

    ModelActor(TestMachine machine, SvaProcess process) {
        this.machine = machine;
        this.process = process;
        process.addressSpace().subscribe(this);
    }

    @Override
    public void invalidate(AddressRange range) {
        cached.keySet().removeIf(range::contains);
    }

    @Override
    public void release() {
        cached.clear();
    }

    ModelActor fork() {
        ModelActor child = new ModelActor(machine, process.fork());
        for (int i = 0; i < PAGES; i++) {
            child.cells[i] = cells[i] == null ? null : cells[i].inherited();
        }
        return child;
    }

    long address(int page) {
        return BASE + (long) page * machine.pageBytes;
    }

    boolean all(int page, int count, Predicate<MemoryModel.Cell> what) {
        for (int i = page; i < page + count; i++) {
            if (cells[i] == null || !what.test(cells[i])) {
                return false;
            }
        }
        return true;
    }

    boolean nothing(int page, int count) {
        for (int i = page; i < page + count; i++) {
            if (cells[i] != null) {
                return false;
            }
        }
        return true;
    }

    /** A load or store anywhere, of the processor or of the device, against the model. */
    void access(Random random) {
        int page = random.nextInt(PAGES);
        check(address(page), cells[page], random.nextInt(3) == 0, random.nextLong());
    }

    void check(long at, MemoryModel.Cell cell, boolean write, long value) {
        int access = write ? Access.WRITE : Access.READ;
        boolean legal = cell != null && cell.protection.allows(access) && !cell.beyondEnd();
        boolean byDevice = (value & 1) == 0;
        Long seen = byDevice ? device(at, write, value) : processor(at, write, value);
        if (!legal) {
            assertNull(seen, "an access that must be refused");
            return;
        }
        if (write) {
            cell.set(value);
        }
        assertTrue(
                seen != null && cell.mayBe(seen),
                () ->
                        "at 0x%x the %s sees %s and not %d"
                                .formatted(
                                        at, byDevice ? "device" : "processor", seen, cell.value()));
        cell.was(seen);
    }

    private Long processor(long at, boolean write, long value) {
        try {
            if (write) {
                process.storeLong(at, value);
                return value;
            }
            return process.loadLong(at);
        } catch (CpuFaultException e) {
            return null;
        }
    }

    /** A device access through the cache; null if it is refused. */
    private Long device(long page, boolean write, long value) {
        for (int attempt = 0; attempt < 4; attempt++) {
            Long entry = cached.get(page);
            if (entry == null) {
                long found = machine.walk(process, page);
                entry = found;
                if (found != 0) {
                    cached.put(page, found);
                }
            }
            if (entry != 0 && (!write || TestMachine.writable(entry))) {
                long frame = TestMachine.frame(entry);
                if (write) {
                    machine.memory.writeLong(frame, value);
                }
                return machine.memory.readLong(frame);
            }
            int access = write ? Access.READ | Access.WRITE : Access.READ;
            if (process.addressSpace().handleFault(page, access) != FaultOutcome.RESOLVED) {
                return null;
            }
        }
        throw new AssertionError("the device makes no progress at 0x" + Long.toHexString(page));
    }
}
