package org.opensva.conformance.cli;

import org.jspecify.annotations.Nullable;
import org.opensva.api.backend.BackendDescriptor;
import org.opensva.api.backend.BackendException;
import org.opensva.api.backend.Capability;
import org.opensva.conformance.campaign.ChapterLine;
import org.opensva.conformance.cli.chapter.ChildJvm;
import org.opensva.conformance.cli.chapter.Ending;
import org.opensva.conformance.rules.Rule;
import org.opensva.conformance.rules.RuleBook;
import org.opensva.conformance.rules.RuleId;
import org.opensva.conformance.suite.ConformanceListener;
import org.opensva.conformance.suite.ConformanceResult;
import org.opensva.conformance.suite.Judgement;
import org.opensva.conformance.suite.PlannedTest;
import org.opensva.conformance.suite.SuiteFault;
import org.opensva.conformance.suite.TestResult;
import org.opensva.conformance.suite.Verdict;
import org.opensva.conformance.suite.bench.Limits;
import org.opensva.conformance.suite.claims.ClaimResult;

import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Runs the suite with each chapter in a JVM of its own. A chapter is the tests of a group of rules.
 * When its JVM ends before its tests do, the test that ran has failed, and the rest of the chapter
 * runs in another JVM; a chapter that loses too many is given up.
 */
final class IsolatedRun {

    /** How many JVMs a chapter may lose before the rest of it is given up. */
    private static final int LOSSES = 3;

    /** How long a JVM may take to start and to open a backend, on any machine. */
    private static final Duration OPENING = Duration.ofMinutes(3);

    /** The chapter in which the backend is asked for what it claims. */
    private static final String CLAIMS = "CLAIMS";

    private final Context context;
    private final RuleBook book;
    private final RunRequest request;
    private final ConformanceListener listener;
    private final Duration patience;
    private final Map<String, TestResult> results = new LinkedHashMap<>();
    private List<ClaimResult> claims = List.of();
    private @Nullable BackendDescriptor backend;
    private boolean stopped;
    private int tests;
    private int ended;

    IsolatedRun(Context context, RuleBook book, RunRequest request, ConformanceListener listener) {
        this.context = context;
        this.book = book;
        this.request = request;
        this.listener = listener;
        Limits limits = new Limits(request.timeoutFactor());
        this.patience = limits.test().plus(limits.settle().multipliedBy(4));
    }

    /** Runs; fails as a run in this JVM does, with the same exceptions. */
    ConformanceResult run(List<PlannedTest> planned, List<TestResult> earlier) {
        long start = System.nanoTime();
        tests = planned.size();
        earlier.forEach(result -> results.put(result.name(), result));
        ended = results.size();
        List<Rule> rules = book.matching(request.rules());
        Map<String, List<PlannedTest>> chapters = new LinkedHashMap<>();
        for (PlannedTest test : planned) {
            if (!results.containsKey(test.name())) {
                String group = test.rules().getFirst().id().replaceFirst("-.*", "");
                chapters.computeIfAbsent(group, key -> new ArrayList<>()).add(test);
            }
        }
        if (probing() || chapters.isEmpty()) {
            // Of no test; it also tells who the backend is when all tests are known.
            chapters.put(CLAIMS, List.of());
        }
        chapters.forEach(this::chapter);
        BackendDescriptor opened = backend;
        if (opened == null) {
            throw new SuiteFault("no chapter was run");
        }
        return new ConformanceResult(
                request.selector(),
                opened,
                request.options(),
                request.rules(),
                book.digest(),
                request.seed(),
                request.timeoutFactor(),
                Duration.ofNanos(System.nanoTime() - start),
                request.shard(),
                1,
                claims,
                new Judgement(book, opened).of(rules, results.values(), elsewhere(planned)));
    }

    private boolean probing() {
        return request.rules().equals("*") && request.shard().number() == 1;
    }

    private Set<RuleId> elsewhere(List<PlannedTest> planned) {
        if (request.shard().isWhole()) {
            return Set.of();
        }
        Set<RuleId> all = EnumSet.allOf(RuleId.class);
        planned.forEach(test -> test.rules().forEach(all::remove));
        return all;
    }

    private void chapter(String name, List<PlannedTest> chapter) {
        List<PlannedTest> left = new ArrayList<>(chapter);
        for (int losses = 0; losses == 0 || !left.isEmpty(); losses++) {
            if (stopped) {
                left.forEach(
                        test -> inconclusive(test, "the run was to end with the first failure"));
                return;
            }
            if (losses == LOSSES) {
                String reason =
                        "not run: the JVM of chapter %s was lost %d times".formatted(name, LOSSES);
                left.forEach(test -> inconclusive(test, reason));
                return;
            }
            boolean complete = child(name, left);
            left.removeIf(test -> results.containsKey(test.name()));
            if (complete) {
                left.forEach(test -> inconclusive(test, "its JVM did not report it"));
                return;
            }
        }
    }

    /** Runs tests in one JVM; false if it ended before they did. */
    private boolean child(String chapter, List<PlannedTest> left) {
        ArrayNode names = JsonMapper.shared().createArrayNode();
        left.forEach(test -> names.add(test.name()));
        Console console = context.console();
        try (ChildJvm child =
                ChildJvm.start(
                        context.program().getName(),
                        request.arguments(),
                        names.toString(),
                        console.out(),
                        console.err())) {
            return converse(chapter, child);
        } catch (IOException e) {
            throw new SuiteFault("a JVM for a chapter cannot be started: " + e.getMessage(), e);
        }
    }

    private boolean converse(String chapter, ChildJvm child) {
        PlannedTest running = null;
        TestResult last = null;
        boolean opened = false;
        while (true) {
            Optional<ChapterLine> said = child.next(opened ? patience : OPENING);
            if (said.isEmpty()) {
                lost(chapter, child.ending(), opened, running, last);
                return false;
            }
            switch (said.get()) {
                case ChapterLine.Opened line -> {
                    opened = true;
                    opened(line.backend());
                }
                case ChapterLine.Started line -> {
                    running = new PlannedTest(line.test(), line.sentence(), List.of());
                    listener.testStarted(line.test(), line.sentence());
                }
                case ChapterLine.Finished line -> {
                    running = null;
                    last = line.result();
                    finished(line.result());
                }
                case ChapterLine.Done line -> {
                    claims = line.claims().isEmpty() ? claims : line.claims();
                    return true;
                }
                case ChapterLine.Refused line -> throw new BackendException(line.message());
                case ChapterLine.Fault line -> throw new SuiteFault(line.message());
            }
        }
    }

    private void opened(BackendDescriptor descriptor) {
        if (backend == null) {
            backend = descriptor;
            listener.runStarted(descriptor, tests, book.matching(request.rules()).size());
        }
    }

    private void finished(TestResult result) {
        results.put(result.name(), result);
        ended++;
        stopped |= request.failFast() && result.verdict() == Verdict.FAILED;
        listener.testFinished(result, ended);
    }

    private void lost(
            String chapter,
            Ending ending,
            boolean opened,
            @Nullable PlannedTest running,
            @Nullable TestResult last) {
        String words = "the JVM of chapter " + chapter + " " + ending.words();
        if (!opened && backend == null) {
            throw new BackendException(words + " while the backend was being opened");
        }
        if (running != null) {
            finished(failed(running.name(), running.sentence(), words + " in this test"));
        } else if (last != null) {
            ended--;
            finished(failed(last.name(), last.sentence(), words + " after this test"));
        } else if (chapter.equals(CLAIMS)) {
            claims = lostClaims(words);
        }
    }

    /** Which probe it was cannot be told, and none of them may end a JVM. */
    private List<ClaimResult> lostClaims(String words) {
        BackendDescriptor opened = backend;
        return opened == null
                ? List.of()
                : Arrays.stream(Capability.values())
                        .map(capability ->
                                new ClaimResult(
                                        capability,
                                        opened.claims(capability),
                                        ClaimResult.Found.BROKEN,
                                        words + " while claims were probed"))
                        .toList();
    }

    private TestResult failed(String test, String sentence, String reason) {
        return result(test, sentence, Verdict.FAILED, reason);
    }

    private void inconclusive(PlannedTest test, String reason) {
        finished(result(test.name(), test.sentence(), Verdict.INCONCLUSIVE, reason));
    }

    private TestResult result(String test, String sentence, Verdict verdict, String reason) {
        return new TestResult(
                test,
                sentence,
                request.covered(test),
                verdict,
                reason,
                verdict == Verdict.FAILED ? reason : "",
                Optional.empty(),
                Duration.ZERO,
                request.seed());
    }
}
