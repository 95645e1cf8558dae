package org.opensva.conformance.programs;

import static org.opensva.conformance.rules.RuleId.BIND_01;
import static org.opensva.conformance.rules.RuleId.BIND_02;
import static org.opensva.conformance.rules.RuleId.UNMAP_01;
import static org.opensva.conformance.rules.RuleId.UNMAP_15;
import static org.opensva.conformance.rules.RuleId.UNMAP_16;
import static org.opensva.conformance.rules.RuleId.UNMAP_17;
import static org.opensva.conformance.rules.RuleId.UNMAP_18;
import static org.opensva.conformance.rules.RuleId.UNMAP_19;
import static org.opensva.conformance.rules.RuleId.UNMAP_20;
import static org.opensva.conformance.rules.RuleId.UNMAP_24;

import org.jspecify.annotations.Nullable;
import org.opensva.api.memory.Access;
import org.opensva.api.memory.Protection;
import org.opensva.api.process.Advice;
import org.opensva.api.process.Errno;
import org.opensva.conformance.rules.RuleId;

import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What the contract says about mappings and about the processor's accesses to them. */
final class MappingRules {

    /** Says when something was done. */
    @FunctionalInterface
    interface Clock {
        String step(String what);
    }

    /** The advice that programs give: it cannot fail, and what is read after it is certain. */
    private static final Set<Advice> EXPECTED =
            EnumSet.complementOf(
                    EnumSet.of(
                            Advice.FREE,
                            Advice.REMOVE,
                            Advice.POPULATE_READ,
                            Advice.POPULATE_WRITE));

    private static final Errno[] NOT_TAKEN = {Errno.EINVAL, Errno.ENOMEM, Errno.EAGAIN};

    private final Collection<ModelProcess> processes;
    private final Clock at;

    MappingRules(Collection<ModelProcess> processes, Clock at) {
        this.processes = processes;
        this.at = at;
    }

    /** Makes the page of a mapping at an offset from its first page. */
    @FunctionalInterface
    private interface NewPage {
        PageCell at(int offset);
    }

    Expectation map(ModelProcess process, Span span) {
        return map(process, span, offset -> PageCell.anonymous());
    }

    private Expectation map(ModelProcess process, Span span, NewPage pages) {
        String why = at.step("mapped");
        return Expectation.done("the window is the program's own", BIND_02)
                .then(() ->
                        span.pages()
                                .forEach(page -> {
                                    boolean again = process.space.cell(page) != null;
                                    boolean before = process.space.absentRule[page] == UNMAP_01;
                                    PageCell cell = pages.at(page - span.first());
                                    cell.changed(again || before ? UNMAP_15 : BIND_02, why);
                                    process.space.cells[page] = cell;
                                }));
    }

    Expectation mapObject(Step.MapObject step, ModelProcess process) {
        return map(
                process,
                step.span(),
                offset -> PageCell.of(process.object, step.objectPage() + offset, step.shared()));
    }

    Expectation unmap(Step.Unmap step, ModelProcess process) {
        String why = at.step("unmapped");
        return Expectation.done("unmapping always succeeds", UNMAP_01)
                .then(() ->
                        step.span()
                                .pages()
                                .forEach(page -> process.space.remove(page, UNMAP_01, why)));
    }

    Optional<Expectation> protect(Step.Protect step, ModelProcess process) {
        if (!process.space.hasAll(step.span())) {
            return Optional.empty();
        }
        String why = at.step("made " + Step.lower(step.protection()));
        return Optional.of(
                Expectation.done("all of it is mapped", UNMAP_17)
                        .then(() ->
                                each(
                                        process,
                                        step.span(),
                                        cell -> {
                                            boolean wider =
                                                    step.protection()
                                                            .allows(cell.protection.access());
                                            cell.changed(wider ? UNMAP_18 : UNMAP_17, why);
                                            cell.protection = step.protection();
                                        })));
    }

    /** A change of one page. */
    @FunctionalInterface
    private interface Change {
        void of(PageCell cell);
    }

    private static void each(ModelProcess process, Span span, Change change) {
        span.pages()
                .forEach(page -> {
                    PageCell cell = process.space.cell(page);
                    if (cell != null) {
                        change.of(cell);
                    }
                });
    }

    Optional<Expectation> advise(Step.Advise step, ModelProcess process) {
        if (!process.space.hasAll(step.span())) {
            return Optional.empty();
        }
        Advice advice = step.advice();
        boolean allPrivateMemory =
                step.span()
                        .pages()
                        .mapToObj(process.space::cell)
                        .allMatch(cell -> cell != null && cell.object == null);
        if (!EXPECTED.contains(advice) || (advice == Advice.WIPEONFORK && !allPrivateMemory)) {
            return Optional.empty();
        }
        String why = at.step("advised " + Step.lower(advice));
        RuleId rule = advice == Advice.PAGEOUT ? UNMAP_20 : UNMAP_19;
        // No capability stands for the advice about forks and sizes: it need not be taken.
        boolean optional = advice != Advice.DONTNEED && advice != Advice.PAGEOUT;
        return Optional.of(
                Expectation.of(
                                "the call to succeed"
                                        + (optional ? ", or to be refused as unknown" : ""),
                                "all of it is mapped",
                                rule,
                                seen ->
                                        Expectation.isDone(seen)
                                                || (optional && seen.isRefusal(NOT_TAKEN)))
                        .then(() ->
                                each(process, step.span(), cell -> advised(cell, advice, why))));
    }

    private static void advised(PageCell cell, Advice advice, String why) {
        switch (advice) {
            case DONTNEED -> {
                cell.discard();
                cell.changed(UNMAP_19, why);
                cell.copied = PageCell.Copied.NEVER;
            }
            case PAGEOUT -> cell.changed(UNMAP_20, why);
            case WIPEONFORK -> cell.wipeOnFork = true;
            case KEEPONFORK -> cell.wipeOnFork = false;
            case DONTFORK -> cell.dontFork = true;
            case DOFORK -> cell.dontFork = false;
            case COLD, MERGEABLE, UNMERGEABLE, HUGEPAGE, NOHUGEPAGE, COLLAPSE -> {
                // How large the pages are, and who shares them, shows nowhere.
            }
            case FREE, REMOVE, POPULATE_READ, POPULATE_WRITE ->
                    throw new IllegalStateException("never expected");
        }
    }

    Expectation truncate(Step.Truncate step, ModelProcess process) {
        String why = at.step("the object was cut to " + step.pages() + " pages");
        ModelObject object = process.object;
        return Expectation.done("the object has a writable descriptor", UNMAP_24)
                .then(() -> {
                    object.truncate(step.pages());
                    for (ModelProcess other : processes) {
                        for (PageCell cell : other.space.cells) {
                            if (cell != null && cell.object == object) {
                                cut(cell, why);
                            }
                        }
                    }
                });
    }

    private static void cut(PageCell cell, String why) {
        if (cell.isBeyondEnd()) {
            // Private copies of pages beyond the end are dropped too, as truncate(2) does.
            cell.hasOwn = false;
            cell.changed(UNMAP_24, why);
            cell.copied = PageCell.Copied.NEVER;
        }
    }

    Optional<Expectation> move(Step.Move step, ModelProcess process) {
        ModelSpace space = process.space;
        int page = step.page();
        PageCell cell = space.cell(page);
        // With the next page taken it cannot grow in place.
        if (cell == null || page + 1 == Program.PAGES || space.cell(page + 1) == null) {
            return Optional.empty();
        }
        Expectation seen = load(space, page);
        String why = at.step("moved away");
        return Optional.of(
                new Expectation(
                        seen.text() + " at the new place",
                        seen.why(),
                        UNMAP_16,
                        seen.allowed(),
                        ignored -> space.remove(page, UNMAP_16, why)));
    }

    static Expectation load(ModelSpace space, int page) {
        PageCell cell = space.cell(page);
        if (cell == null || !cell.allows(Access.READ)) {
            return mustFault(space, page, cell);
        }
        long value = cell.value();
        return Expectation.of(
                "0x" + Long.toHexString(value),
                cell.why,
                cell.proves(),
                seen -> seen.kind() == Observation.Kind.VALUE && seen.value() == value);
    }

    private static Expectation mustFault(ModelSpace space, int page, @Nullable PageCell cell) {
        return Expectation.of(
                "a memory fault of the process",
                cell == null ? space.absentWhy[page] : cell.why,
                cell == null ? space.absentRule[page] : cell.rule,
                seen -> seen.kind() == Observation.Kind.FAULT);
    }

    Expectation store(Step.Store step, ModelProcess process) {
        ModelSpace space = process.space;
        PageCell cell = space.cell(step.page());
        if (cell == null || !cell.allows(Access.WRITE)) {
            return mustFault(space, step.page(), cell);
        }
        String stored = at.step("stored to");
        return Expectation.of("the store to succeed", cell.why, cell.proves(), Expectation::isDone)
                .then(() -> {
                    cell.write(step.value(), false);
                    cell.writtenSinceFork = true;
                    if (cell.rule == BIND_02) {
                        cell.changed(BIND_01, stored);
                    }
                });
    }

    /** The protections that programs use: those of data. */
    static List<Protection> protections() {
        return List.of(Protection.NONE, Protection.READ, Protection.READ_WRITE);
    }
}
