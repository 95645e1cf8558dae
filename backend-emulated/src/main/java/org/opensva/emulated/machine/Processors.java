package org.opensva.emulated.machine;

import org.jspecify.annotations.Nullable;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;

/**
 * The processors of the machine, each with a TLB of its own. A thread runs on one of them, always
 * the same. A TLB is tenacious: it keeps a translation until that is shot down, or another one
 * needs its place.
 *
 * <p>Shooting down reaches the TLB of every processor before the call returns, as the broadcast
 * TLBI and DSB of Arm do, and the interrupts that processors of x86-64 send each other.
 *
 * <p><b>Threading.</b> Any thread may call. Whether an access that has looked a translation up has
 * ended before a shoot-down begins is for the caller to see to, as on hardware it is for the
 * processor.
 */
public class Processors {

    /** Above so many pages all of an address space is forgotten (Linux: 33 on x86-64). */
    private static final long CEILING = 33;

    private static final VarHandle LONGS = MethodHandles.arrayElementVarHandle(long[].class);

    private final int count;
    private final int entries;
    private final AtomicReferenceArray<@Nullable Translation> tlbs;
    private final AtomicLong tags = new AtomicLong();
    private final LongAdder shootDowns = new LongAdder();

    /**
     * A cached translation.
     *
     * @param view its address space
     * @param tag the tag that this had when it was cached: an ASID or PCID without end
     * @param page its virtual page number
     * @param entry the entry of the last level, as the tables have it
     */
    private record Translation(View view, long tag, long page, long entry) {}

    /** Sees what TLBs hold. */
    public interface Visitor {
        /**
         * A cached translation.
         *
         * @param processor whose TLB it is in
         * @param owner the number of the address space
         * @param page the virtual page number
         * @param entry the entry of the last level, as the tables had it
         */
        void translation(int processor, long owner, long page, long entry);
    }

    /**
     * Creates processors with empty TLBs.
     *
     * @param count how many, a power of two
     * @param entries translations that each holds, a power of two
     */
    public Processors(int count, int entries) {
        if (Integer.bitCount(count) != 1 || Integer.bitCount(entries) != 1) {
            throw new IllegalArgumentException(
                    "%d processors with %d entries are not powers of two"
                            .formatted(count, entries));
        }
        this.count = count;
        this.entries = entries;
        this.tlbs = new AtomicReferenceArray<>(count * entries);
    }

    /**
     * Makes room for the translations of one more address space.
     *
     * @param owner the number of the address space
     * @return its view of every TLB
     */
    public View view(long owner) {
        return new View(owner);
    }

    /**
     * Visits what every TLB holds that a processor would still use.
     *
     * @param visitor gets each translation; what changes meanwhile may be seen or not
     */
    public void visit(Visitor visitor) {
        for (int slot = 0; slot < tlbs.length(); slot++) {
            Translation found = tlbs.getAcquire(slot);
            int processor = slot / entries;
            if (found != null && found.tag == found.view.tag(processor)) {
                visitor.translation(processor, found.view.owner, found.page, found.entry);
            }
        }
    }

    /**
     * Counts shoot-downs.
     *
     * @return a number that only grows
     */
    public long shootDowns() {
        return shootDowns.sum();
    }

    /**
     * Carries a shoot-down out at one processor. Whoever replaces it has a processor that forgets
     * too little.
     *
     * @param processor whose TLB, 0 to {@link #count}{@code - 1}
     * @param view the address space
     * @param page the first virtual page number
     * @param pages how many; what is more than a few is everything
     */
    protected void shootDown(int processor, View view, long page, long pages) {
        view.forget(processor, page, pages);
    }

    /**
     * Counts the processors.
     *
     * @return a power of two
     */
    public int count() {
        return count;
    }

    private int slot(int processor, long tag, long page) {
        int hash = (int) (page ^ page >>> 9) + ((int) tag * 0x9E37_79B9 >>> 16);
        return processor * entries + (hash & entries - 1);
    }

    /** The translations of one address space in the TLBs of all processors. */
    public final class View {
        private final long owner;

        /**
         * By processor; a new one takes everything from it that it has cached. Numbered, so that a
         * machine with a seed has the same translations in the same places.
         */
        private final long[] ownTags = new long[count];

        /** Whether anything was ever cached since everything was forgotten. */
        private volatile boolean used;

        private View(long owner) {
            this.owner = owner;
            Arrays.fill(ownTags, tags.incrementAndGet());
        }

        private long tag(int processor) {
            return (long) LONGS.getAcquire(ownTags, processor);
        }

        /**
         * Looks into the TLB of the processor that the calling thread runs on.
         *
         * @param page a virtual page number
         * @return the entry that was cached, 0 if none is
         */
        public long lookUp(long page) {
            int processor = processor();
            long own = tag(processor);
            Translation found = tlbs.getAcquire(slot(processor, own, page));
            return found != null && found.tag == own && found.page == page ? found.entry : 0;
        }

        /**
         * Caches a translation in the TLB of the processor that the calling thread runs on.
         *
         * @param page a virtual page number
         * @param entry what a walk has found for it, not 0
         */
        public void fill(long page, long entry) {
            int processor = processor();
            long own = tag(processor);
            used = true;
            tlbs.setRelease(slot(processor, own, page), new Translation(this, own, page, entry));
        }

        /**
         * Tells whether any processor may have a translation.
         *
         * @return false if there is nothing to shoot down
         */
        public boolean isUsed() {
            return used;
        }

        /**
         * Has every processor forget a range. No translation is being filled meanwhile.
         *
         * @param page the first virtual page number
         * @param pages how many
         */
        public void invalidate(long page, long pages) {
            if (used) {
                shootDowns.increment();
                if (isEverything(pages)) {
                    used = false;
                }
                for (int processor = 0; processor < count; processor++) {
                    shootDown(processor, this, page, pages);
                }
            }
        }

        private void forget(int processor, long page, long pages) {
            if (isEverything(pages)) {
                // Nobody looks for the old tag any more; what has it goes when its place is needed.
                LONGS.setRelease(ownTags, processor, tags.incrementAndGet());
                return;
            }
            long own = tag(processor);
            for (long at = page; at < page + pages; at++) {
                int slot = slot(processor, own, at);
                Translation found = tlbs.getAcquire(slot);
                if (found != null && found.tag == own && found.page == at) {
                    tlbs.compareAndSet(slot, found, null);
                }
            }
        }

        private static boolean isEverything(long pages) {
            return Long.compareUnsigned(pages, CEILING) > 0;
        }

        private int processor() {
            return (int) Thread.currentThread().threadId() & count - 1;
        }
    }
}
