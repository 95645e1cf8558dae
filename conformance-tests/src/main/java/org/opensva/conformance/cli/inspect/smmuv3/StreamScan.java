package org.opensva.conformance.cli.inspect.smmuv3;

import org.opensva.conformance.cli.inspect.smmuv3.StreamRange.ContextRange;
import org.opensva.conformance.inspect.Explanation;
import org.opensva.conformance.inspect.Explanation.Access;
import org.opensva.conformance.inspect.Explanation.Kind;
import org.opensva.conformance.inspect.Stopped;
import org.opensva.conformance.replay.RecordedMemory;
import org.opensva.smmuv3.layout.ContextDescriptor;
import org.opensva.smmuv3.layout.Level1ContextDescriptor;
import org.opensva.smmuv3.layout.Level1StreamTableDescriptor;
import org.opensva.smmuv3.layout.Register;
import org.opensva.smmuv3.layout.StreamTableEntry;
import org.opensva.smmuv3.layout.TableAndQueueRegisters.StrtabBase;
import org.opensva.smmuv3.layout.TableAndQueueRegisters.StrtabBaseCfg;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Lists what the stream table and the CD tables hold. Only memory that is not all zero is looked
 * at, and only so many entries: a table may point to one array from everywhere.
 */
final class StreamScan {

    /** Valid entries that are listed at most, and those that are looked at for each of them. */
    static final int MOST_ENTRIES = 1 << 14;

    private static final int MOST_LOOKS = 1 << 22;

    private final Snapshot state;
    private final List<Long> pages;
    private final List<StreamRange> streams = new ArrayList<>();
    private long lastStream = -2;
    private long[] lastWords = {};
    private int entries;
    private int looks;

    StreamScan(Snapshot state) {
        this.state = state;
        pages = state.memory().pages();
    }

    /** Whether something was left out because there is too much of it. */
    boolean exhausted() {
        return entries >= MOST_ENTRIES || looks >= MOST_LOOKS;
    }

    List<StreamRange> streams() {
        int bits = state.streamBits();
        long base = state.address(Register.STRTAB_BASE, StrtabBase.ADDR);
        if (!state.twoLevelStreams()) {
            long start = base & -1L << bits + 6;
            entriesAt(start, 1L << bits, 0);
            return List.copyOf(streams);
        }
        int split = StrtabBaseCfg.effectiveSplit(state.get(Register.STRTAB_BASE_CFG));
        long start = base & -1L << Math.max(6, bits - split + 3);
        forEach(
                start,
                1L << Math.max(0, bits - split),
                Level1StreamTableDescriptor.BYTES,
                (index, address) -> {
                    long[] words = state.read(address, 1);
                    int span = words == null ? 0 : Level1StreamTableDescriptor.span(words[0]);
                    if (words != null
                            && span > 0
                            && span <= Level1StreamTableDescriptor.MAX_SPAN
                            && span <= split + 1) {
                        entriesAt(
                                Level1StreamTableDescriptor.arrayAddress(words[0]),
                                Math.min(1L << span - 1, 1L << bits),
                                index << split);
                    }
                });
        return List.copyOf(streams);
    }

    /** Something done with an entry of an array. */
    @FunctionalInterface
    private interface Visitor {
        void visit(long index, long address);
    }

    /** The entries of an array that lie in pages that are not all zero. */
    private void forEach(long start, long count, int bytes, Visitor visitor) {
        long end = start + count * bytes;
        int from = firstPage(start);
        for (int i = from; i < pages.size() && pages.get(i) < end; i++) {
            long page = pages.get(i);
            long first = Math.max(0, (page - start) / bytes);
            long last = Math.min(count, (page + RecordedMemory.PAGE_BYTES - start) / bytes);
            for (long index = first; index < last && !exhausted(); index++) {
                looks++;
                visitor.visit(index, start + index * bytes);
            }
        }
    }

    /** Index of the first page that reaches beyond an address; addresses have 52 bits or fewer. */
    private int firstPage(long start) {
        int low = 0;
        int high = pages.size();
        while (low < high) {
            int middle = low + high >>> 1;
            if (Long.compareUnsigned(pages.get(middle) + RecordedMemory.PAGE_BYTES - 1, start)
                    < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private void entriesAt(long start, long count, long firstStream) {
        forEach(
                start,
                count,
                StreamTableEntry.BYTES,
                (index, address) -> {
                    long[] words = state.read(address, StreamTableEntry.WORDS);
                    if (words != null && StreamTableEntry.valid(words[0])) {
                        add(firstStream + index, address, words);
                    }
                });
    }

    private void add(long stream, long address, long[] words) {
        if (stream == lastStream + 1 && Arrays.equals(words, lastWords)) {
            StreamRange range = streams.removeLast();
            streams.add(
                    new StreamRange(
                            range.first(), stream, range.kind(), range.entry(), range.contexts()));
        } else {
            entries++;
            streams.add(
                    new StreamRange(
                            stream,
                            stream,
                            kind(words),
                            Decoding.of("STE", address, StreamTableEntry.STRUCTURE, words),
                            contexts(words)));
        }
        lastStream = stream;
        lastWords = words;
    }

    private String kind(long[] ste) {
        int config = StreamTableEntry.config(ste[0]);
        String illegal =
                (config & StreamTableEntry.CONFIG_PASS_BIT) == 0
                        ? null
                        : EntryRules.illegalStream(state, ste);
        String kind = Explainer.kind(config);
        return illegal == null ? kind : kind + ", illegal: " + illegal;
    }

    // Context descriptors.

    private List<ContextRange> contexts(long[] ste) {
        int config = StreamTableEntry.config(ste[0]);
        boolean stage1 =
                (config & StreamTableEntry.CONFIG_PASS_BIT) != 0
                        && (config & StreamTableEntry.CONFIG_STAGE1_BIT) != 0;
        if (!stage1 || EntryRules.illegalStream(state, ste) != null) {
            return List.of();
        }
        Contexts found = new Contexts(ste);
        long table = EntryRules.contextTable(state, ste);
        int bits = EntryRules.contextBits(state, ste);
        int format = EntryRules.contextFormat(state, ste);
        if (format == StreamTableEntry.S1FMT_LINEAR) {
            found.table(table, 1 << bits, 0);
            return found.ranges;
        }
        int split =
                format == StreamTableEntry.S1FMT_4K_L2
                        ? ContextDescriptor.SPLIT_4K
                        : ContextDescriptor.SPLIT_64K;
        for (int i = 0; i < 1 << Math.max(0, bits - split) && !exhausted(); i++) {
            looks++;
            long[] words = found.read(table + (long) i * Level1ContextDescriptor.BYTES, 1);
            if (Level1ContextDescriptor.valid(words[0])) {
                long leaf = Level1ContextDescriptor.leafTable(words[0]) & -1L << split + 6;
                found.table(leaf, Math.min(1 << split, 1 << bits), i << split);
            }
        }
        return found.ranges;
    }

    /** The CDs of one stream. */
    private final class Contexts {
        private final List<ContextRange> ranges = new ArrayList<>();
        private final List<Explanation.Step> trail = new ArrayList<>();
        private final TableWalk walk;
        private final boolean nested;
        private int last = -2;
        private long[] lastContext = {};

        Contexts(long[] ste) {
            nested = (StreamTableEntry.config(ste[0]) & StreamTableEntry.CONFIG_STAGE2_BIT) != 0;
            Access none = new Access(0, -1, 0, Kind.READ, false);
            walk = new TableWalk(state, none, trail, ste);
        }

        private long[] read(long address, int words) {
            try {
                long physical = nested ? walk.structure("CD", address) : address;
                long[] read = state.read(physical, words);
                return read == null ? new long[words] : read;
            } catch (Stopped _) {
                return new long[words];
            } finally {
                trail.clear(); // only where it leads counts here
            }
        }

        private void table(long start, int count, int firstSubstream) {
            for (int i = 0; i < count && !exhausted(); i++) {
                looks++;
                long address = start + (long) i * ContextDescriptor.BYTES;
                long[] words = read(address, ContextDescriptor.WORDS);
                if (ContextDescriptor.valid(words[0])) {
                    add(firstSubstream + i, address, words);
                }
            }
        }

        private void add(int substream, long address, long[] words) {
            if (substream == last + 1 && Arrays.equals(words, lastContext)) {
                ContextRange range = ranges.removeLast();
                ranges.add(new ContextRange(range.first(), substream, range.descriptor()));
            } else {
                entries++;
                ranges.add(
                        new ContextRange(
                                substream,
                                substream,
                                Decoding.of("CD", address, ContextDescriptor.STRUCTURE, words)));
            }
            last = substream;
            lastContext = words;
        }
    }
}
