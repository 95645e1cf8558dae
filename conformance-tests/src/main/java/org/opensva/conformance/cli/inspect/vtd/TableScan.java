package org.opensva.conformance.cli.inspect.vtd;

import static org.opensva.conformance.cli.inspect.vtd.Decoding.function;
import static org.opensva.conformance.cli.inspect.vtd.Decoding.hex;

import org.jspecify.annotations.Nullable;
import org.opensva.conformance.inspect.Section;
import org.opensva.conformance.inspect.Section.Node;
import org.opensva.conformance.replay.RecordedMemory;
import org.opensva.vtd.layout.AddressWidth;
import org.opensva.vtd.layout.ContextEntry;
import org.opensva.vtd.layout.ControlRegisters.Rtaddr;
import org.opensva.vtd.layout.PasidDirectoryEntry;
import org.opensva.vtd.layout.PasidTableEntry;
import org.opensva.vtd.layout.RootEntry;
import org.opensva.vtd.layout.ScalableContextEntry;
import org.opensva.vtd.layout.ScalableRootEntry;
import org.opensva.vtd.layout.Structure;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Lists what the root, context and PASID tables hold. Only memory that is not all zero is looked
 * at, and only so many entries: a table may point to one other from everywhere.
 */
final class TableScan {

    /** Present entries that are listed at most, and those that are looked at for each of them. */
    private static final int MOST_ENTRIES = 1 << 14;

    private static final int MOST_LOOKS = 1 << 22;
    private static final int FUNCTIONS = 1 << 16;

    private final Snapshot state;
    private final EntryRules rules;
    private final PageSummary pages;
    private final Set<Long> written;
    private int entries;
    private int looks;

    private TableScan(Snapshot state) {
        this.state = state;
        rules = new EntryRules(state);
        pages = new PageSummary(state);
        written = new HashSet<>(state.memory().pages());
    }

    static Section requesters(Snapshot state) {
        TableScan scan = new TableScan(state);
        List<Node> nodes = new ArrayList<>();
        boolean scalable = state.mode() == Rtaddr.TTM_SCALABLE;
        if (scalable || state.mode() == Rtaddr.TTM_LEGACY) {
            scan.functions(nodes, scalable);
        }
        if (nodes.isEmpty()) {
            nodes.add(new Node("none is present"));
        }
        if (scan.exhausted()) {
            nodes.add(new Node("and more, which are not listed"));
        }
        return new Section("requesters", "requesters", nodes);
    }

    private boolean exhausted() {
        return entries >= MOST_ENTRIES || looks >= MOST_LOOKS;
    }

    /** The words of an entry, or null if it cannot be read or all around it is zero. */
    private long @Nullable [] look(long address, int words) {
        looks++;
        boolean zero =
                !written.contains(address & -RecordedMemory.PAGE_BYTES)
                        && !written.contains(address + 8L * words - 1 & -RecordedMemory.PAGE_BYTES);
        return zero ? null : state.read(address, words);
    }

    private void functions(List<Node> nodes, boolean scalable) {
        int first = -1;
        long[] same = {};
        long at = 0;
        for (int source = 0; source <= FUNCTIONS && !exhausted(); source++) {
            long address = source == FUNCTIONS ? 0 : context(source, scalable);
            long[] entry =
                    address == 0
                            ? null
                            : look(
                                    address,
                                    scalable ? ScalableContextEntry.WORDS : ContextEntry.WORDS);
            boolean present = entry != null && ContextEntry.present(entry[0]);
            if (first >= 0 && !(present && Arrays.equals(entry, same))) {
                nodes.add(
                        scalable
                                ? scalable(first, source - 1, at, same)
                                : legacy(first, source - 1, at, same));
                first = -1;
            }
            if (present && first < 0 && entry != null) {
                first = source;
                same = entry;
                at = address;
                entries++;
            }
        }
    }

    /** Where the context entry of a function is, or 0 if the root entry does not lead to one. */
    private long context(int source, boolean scalable) {
        if (scalable) {
            long[] half = look(state.rootTable() + ScalableRootEntry.offset(source), 1);
            if (half == null) {
                return 0;
            }
            if (!ScalableRootEntry.present(half[0]) || rules.pointer("", half[0], 1) != null) {
                return 0;
            }
            return ScalableRootEntry.contextTable(half[0]) + ScalableContextEntry.offset(source);
        }
        long[] root = look(state.rootTable() + RootEntry.offset(source), RootEntry.WORDS);
        if (root == null) {
            return 0;
        }
        if (!RootEntry.present(root[0]) || rules.pointer("", root[0], 1) != null || root[1] != 0) {
            return 0;
        }
        return RootEntry.contextTable(root[0]) + ContextEntry.offset(source);
    }

    private static String range(int first, int last) {
        return first == last
                ? "%s (%s)".formatted(function(first), hex(first))
                : "%s to %s (%s to %s)"
                        .formatted(function(first), function(last), hex(first), hex(last));
    }

    private Node legacy(int first, int last, long at, long[] entry) {
        int type = ContextEntry.translationType(entry[0]);
        String wrong = wrong(rules.context(entry), rules.invalidContext(entry));
        List<Node> children = new ArrayList<>();
        if (wrong.isEmpty() && type != ContextEntry.TT_PASS_THROUGH) {
            children.add(
                    pages.second(
                            ContextEntry.secondStageTable(entry[0]),
                            AddressWidth.levels(ContextEntry.addressWidth(entry[1]))));
        }
        String text =
                "%s: %s, domain %d%s"
                        .formatted(
                                range(first, last),
                                EntryRules.legacyKind(type),
                                ContextEntry.domainId(entry[1]),
                                wrong);
        return node(text, "context entry", at, ContextEntry.STRUCTURE, entry, children);
    }

    private static String wrong(@Nullable String reserved, @Nullable String invalid) {
        String reason = reserved == null ? invalid : reserved;
        return reason == null ? "" : "; a fault: " + reason;
    }

    private static Node node(
            String text,
            String name,
            long at,
            Structure structure,
            long[] words,
            List<Node> children) {
        return new Node(text, Decoding.of(name, at, structure, words), children);
    }

    private Node scalable(int first, int last, long at, long[] entry) {
        String wrong = wrong(rules.scalableContext(entry), null);
        List<Node> children = wrong.isEmpty() ? pasids(entry) : List.of();
        String text =
                "%s: %s PASIDs, RID_PASID %s%s"
                        .formatted(
                                range(first, last),
                                hex(ScalableContextEntry.pasidLimit(entry[0])),
                                hex(ScalableContextEntry.ridPasid(entry[1])),
                                wrong);
        return node(text, "context entry", at, ScalableContextEntry.STRUCTURE, entry, children);
    }

    private List<Node> pasids(long[] context) {
        List<Node> nodes = new ArrayList<>();
        long directory = ScalableContextEntry.pasidDirectory(context[0]);
        int limit = ScalableContextEntry.pasidLimit(context[0]);
        for (int base = 0; base < limit && !exhausted(); base += PasidTableEntry.ENTRIES) {
            long[] pointer = look(directory + PasidDirectoryEntry.offset(base), 1);
            if (pointer != null
                    && PasidDirectoryEntry.present(pointer[0])
                    && rules.pointer("", pointer[0], 2) == null) {
                table(nodes, PasidDirectoryEntry.pasidTable(pointer[0]), base);
            }
        }
        return nodes;
    }

    private void table(List<Node> nodes, long table, int base) {
        int first = -1;
        long[] same = {};
        for (int i = 0; i <= PasidTableEntry.ENTRIES; i++) {
            long[] entry =
                    i == PasidTableEntry.ENTRIES
                            ? null
                            : look(table + PasidTableEntry.offset(i), PasidTableEntry.WORDS);
            boolean present = entry != null && PasidTableEntry.present(entry[0]);
            if (first >= 0 && !(present && Arrays.equals(entry, same))) {
                nodes.add(
                        pasid(
                                base + first,
                                base + i - 1,
                                table + PasidTableEntry.offset(first),
                                same));
                first = -1;
            }
            if (present && first < 0 && entry != null) {
                first = i;
                same = entry;
                entries++;
            }
        }
    }

    private Node pasid(int first, int last, long at, long[] entry) {
        int type = PasidTableEntry.translationType(entry[0]);
        String wrong = wrong(rules.pasidEntry(entry), rules.invalidPasidEntry(entry));
        List<Node> children = new ArrayList<>();
        if (wrong.isEmpty() && type == PasidTableEntry.PGTT_FIRST_STAGE) {
            children.add(
                    pages.first(
                            PasidTableEntry.firstStageTable(entry[2]),
                            PasidTableEntry.firstStageLevels(entry[2])));
        }
        if (wrong.isEmpty() && EntryRules.usesSecondStage(type)) {
            children.add(
                    pages.second(
                            PasidTableEntry.secondStageTable(entry[0]),
                            AddressWidth.levels(PasidTableEntry.addressWidth(entry[0]))));
        }
        if (wrong.isEmpty() && type == PasidTableEntry.PGTT_NESTED) {
            children.add(
                    new Node(
                            "first-stage table of %d levels at the guest's %s"
                                    .formatted(
                                            PasidTableEntry.firstStageLevels(entry[2]),
                                            hex(PasidTableEntry.firstStageTable(entry[2])))));
        }
        String text =
                "PASID %s: %s, domain %d%s"
                        .formatted(
                                first == last ? hex(first) : hex(first) + " to " + hex(last),
                                EntryRules.kind(type),
                                PasidTableEntry.domainId(entry[1]),
                                wrong);
        return node(text, "PASID table entry", at, PasidTableEntry.STRUCTURE, entry, children);
    }
}
