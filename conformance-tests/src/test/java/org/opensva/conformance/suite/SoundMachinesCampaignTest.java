package org.opensva.conformance.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * No false alarm: everything of the suite that has random choices, or meets by chance, runs with
 * many seeds on machines that are sound. Long runs are {@code -Dcampaign.seeds=100
 * -Dcampaign.backends=emulated:smmuv3,emulated:vtd -Dcampaign.first=1}.
 */
class SoundMachinesCampaignTest {

    private static final List<String> RANDOM =
            List.of(
                    "ProgramTests",
                    "RecordedRaceTests",
                    "TranslationRaceTests",
                    "ForkRaceTests",
                    "PasidReuseTests",
                    "EndpointTranslationTests",
                    "EndpointPageRequestTests",
                    "IommuPageRequestTests",
                    "IommuLinkTests");

    private static final List<String> BACKENDS =
            List.of(System.getProperty("campaign.backends", "emulated:vtd").split(",", -1));

    /** Without a property one seed for each machine, another one for each. */
    static Stream<String> runs() {
        int first = Integer.getInteger("campaign.first", 1);
        Integer seeds = Integer.getInteger("campaign.seeds");
        if (seeds == null) {
            return IntStream.range(0, BACKENDS.size())
                    .mapToObj(index -> BACKENDS.get(index) + " " + (first + index));
        }
        return IntStream.range(first, first + seeds)
                .boxed()
                .flatMap(seed -> BACKENDS.stream().map(backend -> backend + " " + seed));
    }

    @ParameterizedTest
    @MethodSource("runs")
    void noSeedRaisesAnAlarm(String run) throws ClassNotFoundException {
        String backend = run.substring(0, run.indexOf(' '));
        Class<?>[] classes = new Class<?>[RANDOM.size()];
        for (int i = 0; i < classes.length; i++) {
            classes[i] = Class.forName("org.opensva.conformance.tests." + RANDOM.get(i));
        }
        ConformanceResult result =
                ConformanceRun.builder()
                        .backend(backend)
                        .seed(Long.parseLong(run.substring(run.indexOf(' ') + 1)))
                        .tests(classes)
                        .timeoutFactor(6)
                        .run();
        assertEquals(
                List.of(),
                result.rules().stream()
                        .filter(rule ->
                                rule.verdict() == Verdict.FAILED
                                        || rule.verdict() == Verdict.INCONCLUSIVE)
                        .flatMap(rule -> rule.tests().stream())
                        .filter(test -> test.verdict() == Verdict.FAILED)
                        .map(TestResult::message)
                        .distinct()
                        .toList());
    }
}
