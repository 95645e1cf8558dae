package org.opensva.conformance.cli;

import org.jspecify.annotations.Nullable;
import org.opensva.api.backend.BackendDescriptor;
import org.opensva.api.backend.BackendProvider;
import org.opensva.conformance.campaign.Journal;
import org.opensva.conformance.cli.words.Reason;
import org.opensva.conformance.rules.RuleBook;
import org.opensva.conformance.suite.ConformanceListener;
import org.opensva.conformance.suite.ConformanceResult;
import org.opensva.conformance.suite.Judgement;
import org.opensva.conformance.suite.TestResult;
import org.opensva.conformance.suite.Verdict;
import org.opensva.conformance.suite.claims.ClaimResult;

import java.io.IOException;
import java.util.List;
import java.util.Objects;

/** All runs of one backend: repeated, taken up again, in this JVM or in others. */
final class Campaign {

    /** The backend that runs its hardware and its processes in Java, so that it cannot crash us. */
    private static final String IN_PROCESS = "emulated";

    private final Context context;
    private final RuleBook book;
    private final CampaignOptions chosen;
    private final @Nullable Journal journal;

    Campaign(Context context, RuleBook book, CampaignOptions chosen, @Nullable Journal journal) {
        this.context = context;
        this.book = book;
        this.chosen = chosen;
        this.journal = journal;
    }

    /** Tells whether the tests run in JVMs of their own. */
    boolean isIsolated(RunRequest request) {
        return chosen.isolate(mayHarm(request));
    }

    /** Runs as often as was asked for, and finds what all runs together found. */
    ConformanceResult run(RunRequest first) {
        boolean isolated = isIsolated(first);
        ConformanceResult total = null;
        for (int run = 0; run < chosen.runs(); run++) {
            RunRequest request = first.withSeed(first.seed() + run);
            ConformanceResult result;
            try (CertifyProgress progress =
                    new CertifyProgress(
                            context, run + 1, chosen.untilFailure() ? 0 : chosen.runs())) {
                result = run(request, isolated, progress);
            }
            total =
                    total == null
                            ? result
                            : total.and(result, new Judgement(book, result.backend()));
            if (hasFailed(result) && (chosen.untilFailure() || chosen.failFast())) {
                break;
            }
        }
        if (total == null) {
            throw new IllegalStateException("no run was asked for");
        }
        return total;
    }

    /** A test has failed, of a rule or of a claim. */
    private static boolean hasFailed(ConformanceResult result) {
        return !result.with(Verdict.FAILED).isEmpty()
                || result.claims().stream().anyMatch(ClaimResult::isContradicted);
    }

    private ConformanceResult run(RunRequest request, boolean isolated, CertifyProgress progress) {
        Journal open = journal;
        if (open == null) {
            return run(request, isolated, progress, List.of());
        }
        List<TestResult> earlier = open.known(request.selector(), request.seed());
        Journaling listener = new Journaling(progress, open, request.selector());
        ConformanceResult result = run(request, isolated, listener, earlier);
        IOException failure = listener.failure();
        if (failure != null) {
            context.console().complain("the journal cannot be written: " + Reason.of(failure));
        }
        return result;
    }

    private ConformanceResult run(
            RunRequest request,
            boolean isolated,
            ConformanceListener listener,
            List<TestResult> earlier) {
        if (isolated) {
            RunRequest planned = request.with(context.suite().tests(request.builder()));
            return new IsolatedRun(context, book, planned, listener)
                    .run(planned.planned(), earlier);
        }
        return context.suite().run(request.builder().earlier(earlier).listener(listener));
    }

    /** Code of others, and code that calls the operating system, may end the JVM. */
    private static boolean mayHarm(RunRequest request) {
        String name = request.selector().replaceFirst(":.*", "");
        for (BackendProvider provider : request.catalog().providers()) {
            if (provider.name().equals(name)) {
                boolean own =
                        Objects.equals(
                                provider.getClass().getClassLoader(),
                                Campaign.class.getClassLoader());
                return !own
                        || (!name.equals(IN_PROCESS)
                                && provider.getClass().getName().startsWith("org.opensva.linux."));
            }
        }
        return false;
    }

    /** Writes each result down before anybody else hears of it. */
    private static final class Journaling implements ConformanceListener {
        private final ConformanceListener next;
        private final Journal journal;
        private final String backend;
        private @Nullable IOException failure;

        Journaling(ConformanceListener next, Journal journal, String backend) {
            this.next = next;
            this.journal = journal;
            this.backend = backend;
        }

        @Override
        public void runStarted(BackendDescriptor descriptor, int tests, int rules) {
            next.runStarted(descriptor, tests, rules);
        }

        @Override
        public void testStarted(String name, String sentence) {
            next.testStarted(name, sentence);
        }

        @Override
        public void testFinished(TestResult result, int done) {
            try {
                if (failure == null) {
                    journal.add(backend, result);
                }
            } catch (IOException e) {
                // The run is worth more than its journal.
                failure = e;
            }
            next.testFinished(result, done);
        }

        @Override
        public void runFinished(ConformanceResult result) {
            next.runFinished(result);
        }

        @Nullable IOException failure() {
            return failure;
        }
    }
}
