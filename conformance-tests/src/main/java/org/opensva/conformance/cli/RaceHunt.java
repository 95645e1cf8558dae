package org.opensva.conformance.cli;

import org.opensva.api.backend.Backend;
import org.opensva.api.backend.Capability;
import org.opensva.conformance.races.ForkRace;
import org.opensva.conformance.races.PageRace;
import org.opensva.conformance.races.PasidRace;
import org.opensva.conformance.suite.bench.BenchSettings;
import org.opensva.conformance.suite.bench.Limits;
import org.opensva.conformance.suite.bench.RuleViolation;
import org.opensva.conformance.suite.bench.TestBench;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Runs recorded races on one backend, the kinds in turn, each judged by its history. */
final class RaceHunt {

    private static final int PAGE_LIVES = 120;
    private static final int FORKS = 20;
    private static final int OWNERS = 20;

    /** The kinds of races. */
    private enum Kind {
        PAGES("devices use pages that are unmapped and mapped anew (UNMAP-01, UNMAP-05, UNMAP-15)"),
        FORKS("a process forks while its devices write (FORK-23)"),
        PASIDS("processes come and go while devices write for them (EXIT-11)");

        private final String words;

        Kind(String words) {
            this.words = words;
        }
    }

    private final Backend backend;
    private final Limits limits;
    private final List<Kind> kinds = new ArrayList<>();

    RaceHunt(Backend backend, Limits limits) {
        this.backend = backend;
        this.limits = limits;
        kinds.add(Kind.PAGES);
        if (backend.descriptor().claims(Capability.FORK)) {
            kinds.add(Kind.FORKS);
        }
        if (backend.descriptor().claims(Capability.PASID_VISIBLE)) {
            kinds.add(Kind.PASIDS);
        }
    }

    /** How many kinds of races make sense here. */
    int kinds() {
        return kinds.size();
    }

    /**
     * Runs one race of each kind.
     *
     * @param seed chooses what threads do; when they do it is left to chance
     * @return what cannot be explained, in words; empty if all is well
     */
    Optional<String> run(long seed) {
        for (Kind kind : kinds) {
            Optional<String> found = run(kind, seed);
            if (found.isPresent()) {
                return Optional.of(kind.words + ": " + found.get());
            }
        }
        return Optional.empty();
    }

    private Optional<String> run(Kind kind, long seed) {
        BenchSettings settings = new BenchSettings("race", List.of(), seed, limits);
        try (TestBench bench = new TestBench(backend, settings)) {
            return switch (kind) {
                case PAGES -> new PageRace(bench, seed, PAGE_LIVES).run();
                case FORKS -> new ForkRace(bench, seed, FORKS).run();
                case PASIDS -> new PasidRace(bench, seed, OWNERS).run();
            };
        } catch (RuleViolation e) {
            return Optional.of(
                    "expected %s, and saw: %s (%s)"
                            .formatted(
                                    e.evidence().expected(),
                                    e.evidence().seen(),
                                    e.evidence().step()));
        }
    }
}
