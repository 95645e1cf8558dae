package org.opensva.linux.iommu;

import org.jspecify.annotations.Nullable;
import org.opensva.linux.mm.HostAddressSpace;
import org.opensva.linux.mm.SharedMemory;
import org.opensva.linux.mm.TranslatedMemory;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * The translated address space: bits 62:48 of a translated address select what is reached, bits
 * 47:0 are the offset in it. It plays the part of physical addresses, which a process on Linux is
 * not told.
 *
 * <p>Slot 0 is never used, so that a translated address of 0 leads nowhere.
 */
final class TranslatedSpace implements HostAddressSpace.Targets {

    private static final int SHIFT = 48;
    private static final int SLOTS = 1 << 15;
    private static final long OFFSET = (1L << SHIFT) - 1;

    private final AtomicReferenceArray<@Nullable TranslatedMemory> targets =
            new AtomicReferenceArray<>(SLOTS);

    /** Guarded by this. */
    private final BitSet used = new BitSet();

    private final Map<Object, Integer> slots = new HashMap<>();

    TranslatedSpace() {
        used.set(0);
    }

    /** Makes something reachable; false if every slot is taken. */
    private synchronized int add(Object key, TranslatedMemory memory) {
        Integer known = slots.get(key);
        if (known != null) {
            return known;
        }
        int slot = used.nextClearBit(1);
        if (slot >= SLOTS) {
            return -1;
        }
        used.set(slot);
        slots.put(key, slot);
        targets.set(slot, memory);
        return slot;
    }

    /** Makes something unreachable; no translation that leads there may be cached any more. */
    synchronized void remove(Object key) {
        Integer slot = slots.remove(key);
        if (slot != null) {
            targets.set(slot, null);
            used.clear(slot);
        }
    }

    synchronized int count() {
        return slots.size();
    }

    /** What a translated address leads to, or null. */
    @Nullable TranslatedMemory target(long translated) {
        long slot = translated >>> SHIFT;
        return slot < SLOTS ? targets.get((int) slot) : null;
    }

    static long offset(long translated) {
        return translated & OFFSET;
    }

    @Override
    public long ofProcess(HostAddressSpace space, long address) {
        return translated(slotOf(space, space.translated()), address);
    }

    @Override
    public long ofObject(SharedMemory object, long offset) {
        return translated(slotOf(object, object), offset);
    }

    private synchronized int slotOf(Object key, TranslatedMemory memory) {
        return add(key, memory);
    }

    private static long translated(int slot, long offset) {
        return slot < 0 || (offset & ~OFFSET) != 0 ? -1 : (long) slot << SHIFT | offset;
    }
}
