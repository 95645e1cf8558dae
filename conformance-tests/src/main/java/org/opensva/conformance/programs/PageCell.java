package org.opensva.conformance.programs;

import static org.opensva.conformance.rules.RuleId.BIND_01;
import static org.opensva.conformance.rules.RuleId.FORK_05;
import static org.opensva.conformance.rules.RuleId.FORK_06;
import static org.opensva.conformance.rules.RuleId.FORK_07;
import static org.opensva.conformance.rules.RuleId.FORK_08;
import static org.opensva.conformance.rules.RuleId.FORK_09;

import org.jspecify.annotations.Nullable;
import org.opensva.api.memory.Protection;
import org.opensva.conformance.rules.RuleId;

/** A page of an address space, as the contract sees it: one value, and who may see it. */
final class PageCell {

    /** How the page came through a fork. */
    enum Copied {
        NEVER,
        BY_PARENT,
        TO_CHILD
    }

    Protection protection = Protection.READ_WRITE;

    /** The memory object that is mapped, or null for anonymous memory. */
    @Nullable ModelObject object;

    int objectPage;
    boolean shared;

    /** The private value; absent where a private mapping still shows the object. */
    boolean hasOwn = true;

    long own;
    boolean wipeOnFork;
    boolean dontFork;
    Copied copied = Copied.NEVER;
    boolean writtenByDevice;

    /** What the next look at the page proves, unless a fork says more. */
    RuleId rule = BIND_01;

    String why = "";

    static PageCell anonymous() {
        return new PageCell();
    }

    static PageCell of(ModelObject object, int objectPage, boolean shared) {
        PageCell cell = new PageCell();
        cell.object = object;
        cell.objectPage = objectPage;
        cell.shared = shared;
        cell.hasOwn = false;
        return cell;
    }

    boolean isBeyondEnd() {
        ModelObject mapped = object;
        return mapped != null && objectPage >= mapped.pages;
    }

    boolean allows(int access) {
        return protection.allows(access) && !isBeyondEnd();
    }

    long value() {
        ModelObject mapped = object;
        return mapped == null || hasOwn ? own : mapped.values[objectPage];
    }

    void write(long value, boolean byDevice) {
        ModelObject mapped = object;
        if (mapped != null && shared) {
            mapped.values[objectPage] = value;
        } else {
            own = value;
            hasOwn = true;
        }
        writtenByDevice = byDevice;
    }

    /** What the page was changed by since it was mapped. */
    void changed(RuleId by, String how) {
        rule = by;
        why = how;
    }

    /** The page goes back to what its mapping begins with. */
    void discard() {
        if (!shared) {
            hasOwn = object == null;
            own = 0;
        }
    }

    /** The page as a child inherits it. */
    PageCell inherited(String how) {
        PageCell child = new PageCell();
        child.protection = protection;
        child.object = object;
        child.objectPage = objectPage;
        child.shared = shared;
        child.hasOwn = hasOwn || wipeOnFork;
        child.own = wipeOnFork ? 0 : own;
        child.wipeOnFork = wipeOnFork;
        child.copied = Copied.TO_CHILD;
        child.changed(rule, how);
        return child;
    }

    /** The rule that a look at the page proves. */
    RuleId proves() {
        if (copied == Copied.NEVER) {
            return rule;
        }
        if (shared) {
            return FORK_09;
        }
        if (copied == Copied.TO_CHILD) {
            return FORK_05;
        }
        return writtenByDevice ? FORK_06 : writtenSinceFork ? FORK_07 : FORK_08;
    }

    /** True once the parent's processor has written to the page after a fork. */
    boolean writtenSinceFork;
}
