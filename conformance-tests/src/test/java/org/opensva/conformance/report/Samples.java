package org.opensva.conformance.report;

import org.opensva.api.backend.BackendDescriptor;
import org.opensva.api.backend.Capability;
import org.opensva.api.backend.ForeignHandlePolicy;
import org.opensva.api.backend.PasidSupply;
import org.opensva.conformance.rules.RuleLevel;
import org.opensva.conformance.suite.Verdict;
import org.opensva.conformance.suite.bench.Evidence;
import org.opensva.conformance.suite.bench.Timeline;
import org.opensva.conformance.suite.bench.Timeline.Lane;
import org.opensva.conformance.suite.bench.Timeline.Moment;
import org.opensva.conformance.suite.profile.Latency;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** Certificates to write and read. */
final class Samples {

    /** Everything that markup and JSON might trip over. */
    static final String HOSTILE =
            "</script><script>alert('1')</script> & ]]> \" \u0000\u0007\u001b[31m \ud800"
                    + " ${title} $1 \\ \r\n\t\u2028 \ud83d\ude80";

    private Samples() {}

    static BackendIdentity backend() {
        return BackendIdentity.of(
                new BackendDescriptor(
                        "fake",
                        "good",
                        "1.0",
                        "Fake & Sons",
                        Set.of(Capability.FORK, Capability.ATS),
                        ForeignHandlePolicy.OPENER,
                        PasidSupply.QUEUE,
                        new TreeMap<>(Map.of("page-size", "4096", "pasid-width", "20"))),
                Map.of("queues", "4"));
    }

    static RuleVerdict verdict(String id, RuleLevel level, Verdict verdict, String words) {
        boolean failed = verdict == Verdict.FAILED;
        boolean ran = verdict != Verdict.NOT_APPLICABLE;
        List<TestEvidence> evidence = new ArrayList<>();
        if (ran) {
            evidence.add(
                    new TestEvidence(
                            "SampleTests.first",
                            "the first",
                            verdict,
                            verdict == Verdict.PASSED ? "" : words,
                            "",
                            7,
                            failed
                                    ? Optional.of(
                                            new Evidence(
                                                    "SampleTests.first",
                                                    "step " + words,
                                                    "expected " + words,
                                                    "seen " + words,
                                                    -1,
                                                    List.of("one", "two " + words),
                                                    "0123456789abcdef".repeat(2),
                                                    Optional.of(timeline(words))))
                                    : Optional.empty()));
        }
        if (failed) {
            evidence.add(
                    new TestEvidence(
                            "SampleTests.second",
                            "the second",
                            verdict,
                            words,
                            "a message\n" + words,
                            7,
                            Optional.empty()));
        }
        return new RuleVerdict(
                id,
                level,
                "Title of " + id,
                verdict,
                verdict == Verdict.PASSED ? "" : words,
                Duration.ofNanos(ran ? 1_234_567_000L : 0),
                evidence);
    }

    /** A late access after an unmapping. */
    static Timeline timeline(String words) {
        return new Timeline(
                List.of(
                        new Moment(Lane.PROCESS, "munmap " + words, "0x7000", false),
                        new Moment(Lane.KERNEL, "frame freed", "", false),
                        new Moment(Lane.IOMMU, "IOTLB invalidate", "pasid 3 " + words, false),
                        new Moment(Lane.ATC, "ATC invalidate", "", false),
                        new Moment(Lane.DEVICE, "read " + words, "old page", true)),
                12);
    }

    static Certificate certificate(boolean complete, RuleVerdict... rules) {
        return new Certificate(
                new SuiteIdentity("0.1.0", "0123456789abcdef".repeat(4)),
                backend(),
                new Selection(complete ? "*" : "BIND-*", complete),
                0xfedcba9876543210L,
                3,
                1.5,
                Duration.ofMillis(98_765),
                new RunEnvironment("25.0.1", "A & B", "Linux", "6.1", "amd64", 2),
                List.of(
                        new ClaimVerdict("fork", true, "present", "a process was forked"),
                        new ClaimVerdict("ats", true, "unknown", "nothing tells")),
                List.of(
                        new Latency("bind", "a bind", 200, 900, 1_900, 2_990, 3_999, 70_000, ""),
                        Latency.unmeasured("unbind", "an unbind", "no <queue> & none")),
                List.of(rules));
    }

    /** One rule of every verdict, in no particular order, with given words as reasons. */
    static Certificate every(String words) {
        return certificate(
                true,
                verdict("UNMAP-01", RuleLevel.MUST, Verdict.FAILED, words),
                verdict("BIND-02", RuleLevel.MUST, Verdict.NOT_APPLICABLE, words),
                verdict("BIND-01", RuleLevel.MUST, Verdict.PASSED, words),
                verdict("EXIT-02", RuleLevel.SHOULD, Verdict.INCONCLUSIVE, words),
                verdict("EXIT-01", RuleLevel.MUST, Verdict.INCONCLUSIVE, words),
                verdict("ATS-01", RuleLevel.MUST, Verdict.NOT_OBSERVABLE, words),
                verdict("UACCE-10", RuleLevel.SHOULD, Verdict.FAILED, words));
    }
}
