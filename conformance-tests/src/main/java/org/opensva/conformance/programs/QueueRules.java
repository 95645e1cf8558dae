package org.opensva.conformance.programs;

import static org.opensva.conformance.rules.RuleId.BIND_03;
import static org.opensva.conformance.rules.RuleId.BIND_06;
import static org.opensva.conformance.rules.RuleId.BIND_13;
import static org.opensva.conformance.rules.RuleId.FAULT_03;
import static org.opensva.conformance.rules.RuleId.FORK_11;
import static org.opensva.conformance.rules.RuleId.FORK_16;
import static org.opensva.conformance.rules.RuleId.UACCE_03;
import static org.opensva.conformance.rules.RuleId.UACCE_04;
import static org.opensva.conformance.rules.RuleId.UNMAP_17;

import org.jspecify.annotations.Nullable;
import org.opensva.api.backend.Capability;
import org.opensva.api.backend.ForeignHandlePolicy;
import org.opensva.api.memory.Access;
import org.opensva.api.process.Errno;
import org.opensva.conformance.programs.Observation.Kind;
import org.opensva.conformance.rules.RuleId;

import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** What the contract says about queues and about accesses by devices. */
final class QueueRules {

    private final Claims claims;
    private final List<ModelSpace> spaces;

    QueueRules(Claims claims, List<ModelSpace> spaces) {
        this.claims = claims;
        this.spaces = spaces;
    }

    Expectation open(ModelProcess process, Runnable change) {
        ModelSpace space = process.space;
        if (!claims.has(Capability.PASID_VISIBLE)) {
            return Expectation.done("queues are left", BIND_06).then(change);
        }
        int known = space.pasid;
        Predicate<Observation> allowed;
        String text;
        RuleId rule;
        if (known != ModelSpace.NO_PASID) {
            text = "a queue under PASID " + known;
            rule = space.queues > 0 ? BIND_03 : BIND_13;
            allowed = seen -> Expectation.isDone(seen) && seen.value() == known;
        } else {
            List<Integer> taken =
                    spaces.stream()
                            .filter(ModelSpace::keepsPasid)
                            .map(other -> other.pasid)
                            .toList();
            text = "a queue under a PASID of its own" + (taken.isEmpty() ? "" : ", not " + taken);
            rule = BIND_06;
            allowed =
                    seen ->
                            Expectation.isDone(seen)
                                    && seen.value() > 0
                                    && !taken.contains((int) seen.value());
        }
        return new Expectation(
                text,
                "the PASID belongs to the address space",
                rule,
                allowed,
                seen -> {
                    space.pasid = (int) seen.value();
                    change.run();
                });
    }

    Expectation put(ModelProcess process, ModelQueue queue) {
        Expectation refusal = refusal(process, queue);
        return refusal != null
                ? refusal
                : Expectation.done("the holder is the opener", UACCE_04)
                        .then(() -> queue.started = false);
    }

    Expectation start(ModelProcess process, ModelQueue queue) {
        Expectation refusal = refusal(process, queue);
        if (refusal != null) {
            return refusal;
        }
        return queue.started
                ? Expectation.of(
                        "EINVAL",
                        "the queue is started",
                        UACCE_03,
                        seen -> seen.isRefusal(Errno.EINVAL))
                : Expectation.done("the queue was stopped", UACCE_04)
                        .then(() -> queue.started = true);
    }

    /** Why nothing can be done through a handle; null if it works. */
    private @Nullable Expectation refusal(ModelProcess process, ModelQueue queue) {
        boolean foreign = process.space != queue.space;
        if (foreign && claims.foreignHandles() == ForeignHandlePolicy.REFUSE) {
            boolean dead = !queue.space.alive;
            return Expectation.of(
                    dead ? "EPERM or ENXIO" : "EPERM",
                    "the handle is foreign" + (dead ? ", and its address space is dead" : ""),
                    dead ? FORK_16 : FORK_11,
                    seen -> seen.isRefusal(Errno.EPERM) || (dead && seen.isRefusal(Errno.ENXIO)));
        }
        if (!queue.space.alive) {
            return Expectation.of(
                    "ENXIO, or a job that does not succeed",
                    "the address space is dead",
                    FORK_16,
                    seen -> seen.isRefusal(Errno.ENXIO) || seen.kind() == Kind.JOB_FAILED);
        }
        return null;
    }

    private @Nullable Expectation noWork(ModelProcess process, ModelQueue queue) {
        Expectation refusal = refusal(process, queue);
        if (refusal != null || queue.started) {
            return refusal;
        }
        return Expectation.of(
                "EINVAL", "the queue is stopped", UACCE_04, seen -> seen.isRefusal(Errno.EINVAL));
    }

    Expectation read(ModelProcess process, ModelQueue queue, int page) {
        Expectation refusal = noWork(process, queue);
        if (refusal != null) {
            return refusal;
        }
        PageCell cell = queue.space.cell(page);
        if (cell == null || !cell.allows(Access.READ)) {
            return mustFail(queue.space, page, cell);
        }
        long value = cell.value();
        return Expectation.of(
                "the device to read 0x" + Long.toHexString(value) + orFault(),
                cell.why,
                cell.proves(),
                seen -> (seen.kind() == Kind.VALUE && seen.value() == value) || mayFault(seen));
    }

    /** Empty for several pages of which not all can be written: how far it came is open. */
    Optional<Expectation> write(ModelProcess process, ModelQueue queue, Span span, long value) {
        Expectation refusal = noWork(process, queue);
        if (refusal != null) {
            return Optional.of(refusal);
        }
        ModelSpace space = queue.space;
        PageCell first = space.cell(span.first());
        if (first != null
                && span.pages()
                        .mapToObj(space::cell)
                        .allMatch(cell -> cell != null && cell.allows(Access.WRITE))) {
            // Without fault recovery the job may stop in the middle, and what it wrote stays.
            if (span.count() > 1 && !claims.has(Capability.DEMAND_PAGING)) {
                return Optional.empty();
            }
            Expectation expectation =
                    Expectation.of(
                            "the device to write" + orFault(),
                            first.why,
                            first.proves(),
                            seen -> Expectation.isDone(seen) || mayFault(seen));
            return Optional.of(expectation.then(() -> write(space, span, value)));
        }
        return span.count() > 1
                ? Optional.empty()
                : Optional.of(mustFail(space, span.first(), first));
    }

    private static void write(ModelSpace space, Span span, long value) {
        span.pages()
                .forEach(page -> {
                    PageCell cell = space.cell(page);
                    if (cell != null) {
                        cell.write(value, true);
                    }
                });
    }

    private static Expectation mustFail(ModelSpace space, int page, @Nullable PageCell cell) {
        RuleId rule =
                cell == null
                        ? space.absentRule[page]
                        : cell.isBeyondEnd() || cell.rule == UNMAP_17 ? cell.rule : FAULT_03;
        return Expectation.of(
                "the device's access to fail",
                cell == null ? space.absentWhy[page] : cell.why,
                rule,
                seen -> seen.kind() == Kind.JOB_FAILED);
    }

    private boolean mayFault(Observation seen) {
        return !claims.has(Capability.DEMAND_PAGING)
                && seen.kind() == Kind.JOB_FAILED
                && seen.detail().equals("PAGE_FAULT");
    }

    private String orFault() {
        return claims.has(Capability.DEMAND_PAGING) ? "" : ", or to report a page fault";
    }
}
