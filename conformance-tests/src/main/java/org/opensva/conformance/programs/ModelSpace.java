package org.opensva.conformance.programs;

import static org.opensva.conformance.rules.RuleId.FAULT_02;

import org.jspecify.annotations.Nullable;
import org.opensva.conformance.rules.RuleId;

import java.util.Arrays;

/** An address space, as the contract sees it. */
final class ModelSpace {

    static final int NO_PASID = -1;

    final @Nullable PageCell[] cells = new @Nullable PageCell[Program.PAGES];

    /** Why a page is not mapped, and the rule that its absence proves. */
    final String[] absentWhy = new String[Program.PAGES];

    final RuleId[] absentRule = new RuleId[Program.PAGES];

    boolean alive = true;

    /** Queues that are bound to it and that somebody holds. */
    int queues;

    int pasid = NO_PASID;

    ModelSpace() {
        Arrays.fill(absentWhy, "nothing was ever mapped there");
        Arrays.fill(absentRule, FAULT_02);
    }

    @Nullable PageCell cell(int page) {
        return cells[page];
    }

    void remove(int page, RuleId rule, String why) {
        if (cells[page] != null) {
            cells[page] = null;
            absentWhy[page] = why;
            absentRule[page] = rule;
        }
    }

    boolean hasAll(Span span) {
        return span.pages().allMatch(page -> cells[page] != null);
    }

    /** Tells whether its PASID may not be given to anyone else. */
    boolean keepsPasid() {
        return pasid != NO_PASID && (alive || queues > 0);
    }
}
