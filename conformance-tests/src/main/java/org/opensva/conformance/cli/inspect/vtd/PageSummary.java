package org.opensva.conformance.cli.inspect.vtd;

import static org.opensva.conformance.cli.inspect.vtd.Decoding.hex;

import org.opensva.conformance.inspect.Section.Node;
import org.opensva.vtd.layout.FirstStageEntry;
import org.opensva.vtd.layout.PagingLevel;
import org.opensva.vtd.layout.SecondStageEntry;

import java.util.HashMap;
import java.util.Map;

/**
 * Counts the pages that a table maps. A table of a damaged dump may lead to itself from every
 * entry; so many entries are looked at in all, and no more.
 */
final class PageSummary {

    private static final int MOST_LOOKS = 1 << 21;
    private static final int MOST_LEVELS = 5;

    private final Snapshot state;
    private final Map<String, Node> known = new HashMap<>();
    private int looks;

    PageSummary(Snapshot state) {
        this.state = state;
    }

    /** What has been counted of one table. */
    private static final class Count {
        private final long[] leaves = new long[MOST_LEVELS + 1];
        private long lowest = -1;
        private long highest;
        private boolean any;

        void add(int level, long address) {
            leaves[level]++;
            if (!any || Long.compareUnsigned(address, lowest) < 0) {
                lowest = address;
            }
            long end = address + PagingLevel.bytes(level) - 1;
            if (!any || Long.compareUnsigned(end, highest) > 0) {
                highest = end;
            }
            any = true;
        }
    }

    Node first(long table, int levels) {
        return known.computeIfAbsent(
                "first " + levels + ' ' + table, k -> node(table, levels, true));
    }

    Node second(long table, int levels) {
        return known.computeIfAbsent(
                "second " + levels + ' ' + table, k -> node(table, levels, false));
    }

    private Node node(long table, int levels, boolean first) {
        Count count = new Count();
        count(count, table, levels, first, 0, levels);
        StringBuilder text =
                new StringBuilder(
                        "%s-stage table of %d levels at %s: "
                                .formatted(first ? "first" : "second", levels, hex(table)));
        if (!count.any) {
            text.append("no page");
        } else {
            String separator = "";
            for (int level = 1; level < count.leaves.length; level++) {
                if (count.leaves[level] != 0) {
                    text.append(separator)
                            .append(count.leaves[level])
                            .append(count.leaves[level] == 1 ? " page of " : " pages of ")
                            .append(Decoding.size(PagingLevel.shift(level)));
                    separator = ", ";
                }
            }
            text.append(", from ").append(hex(count.lowest));
            text.append(" to ").append(hex(count.highest));
        }
        return new Node(text.append(looks >= MOST_LOOKS ? ", and more" : "").toString());
    }

    private void count(
            Count count, long table, int level, boolean first, long address, int levels) {
        for (int i = 0; i < PagingLevel.ENTRIES && looks < MOST_LOOKS; i++) {
            looks++;
            long[] words = state.read(table + (long) i * PagingLevel.ENTRY_BYTES, 1);
            if (words == null) {
                return; // a table lies within one page
            }
            long word = words[0];
            boolean present =
                    first ? FirstStageEntry.present(word) : SecondStageEntry.present(word);
            if (present) {
                long at = address | (long) i << PagingLevel.shift(level);
                if (first && level == levels && i >= PagingLevel.ENTRIES / 2) {
                    // The upper half of canonical addresses has ones above.
                    at |= -1L << PagingLevel.shift(level) + 8;
                }
                entry(count, word, level, first, at, levels);
            }
        }
    }

    private void entry(Count count, long word, int level, boolean first, long at, int levels) {
        boolean leaf =
                first ? FirstStageEntry.isLeaf(word, level) : SecondStageEntry.isLeaf(word, level);
        if (leaf) {
            count.add(level, at);
        } else {
            long next = first ? FirstStageEntry.table(word) : SecondStageEntry.table(word);
            count(count, next, level - 1, first, at, levels);
        }
    }
}
