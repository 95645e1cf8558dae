package org.opensva.conformance.cli;

import io.opentelemetry.api.OpenTelemetry;

import org.opensva.api.backend.BackendCatalog;
import org.opensva.conformance.rules.RuleId;
import org.opensva.conformance.suite.ConformanceRun;
import org.opensva.conformance.suite.PlannedTest;
import org.opensva.conformance.suite.Shard;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * One run that was asked for.
 *
 * @param catalog where the backend comes from
 * @param selector the backend, as {@code name:variant}
 * @param options its options
 * @param rules which rules
 * @param seed the seed of all random choices
 * @param timeoutFactor what all limits are multiplied with
 * @param shard which part of the tests
 * @param failFast true to end with the first failure
 * @param plugged the options that load plugins and profiles, for another command line
 * @param telemetry where spans and metrics of a run in this JVM go
 * @param planned the tests of the run, where they are known already
 */
record RunRequest(
        BackendCatalog catalog,
        String selector,
        Map<String, String> options,
        String rules,
        long seed,
        double timeoutFactor,
        Shard shard,
        boolean failFast,
        List<String> plugged,
        OpenTelemetry telemetry,
        List<PlannedTest> planned) {

    /** The run as a program starts it. */
    ConformanceRun.Builder builder() {
        return ConformanceRun.builder()
                .catalog(catalog)
                .backend(selector)
                .options(options)
                .rules(rules)
                .seed(seed)
                .timeoutFactor(timeoutFactor)
                .shard(shard)
                .failFast(failFast)
                .telemetry(telemetry);
    }

    /** The same with its tests. */
    RunRequest with(List<PlannedTest> tests) {
        return new RunRequest(
                catalog,
                selector,
                options,
                rules,
                seed,
                timeoutFactor,
                shard,
                failFast,
                plugged,
                telemetry,
                tests);
    }

    /** The same with other random choices. */
    RunRequest withSeed(long other) {
        return new RunRequest(
                catalog,
                selector,
                options,
                rules,
                other,
                timeoutFactor,
                shard,
                failFast,
                plugged,
                telemetry,
                planned);
    }

    /** What a child JVM is given. */
    List<String> arguments() {
        List<String> arguments = new ArrayList<>(List.of(ChapterCommand.NAME));
        arguments.addAll(List.of("--backend", selector, "--rules", rules));
        arguments.addAll(List.of("--seed", "0x" + Long.toHexString(seed)));
        arguments.addAll(List.of("--timeout-factor", String.valueOf(timeoutFactor)));
        if (failFast) {
            arguments.add("--fail-fast");
        }
        arguments.addAll(plugged);
        return arguments;
    }

    /** The rules of one of the planned tests. */
    List<RuleId> covered(String test) {
        return planned.stream()
                .filter(each -> each.name().equals(test))
                .findFirst()
                .map(PlannedTest::rules)
                .orElse(List.of());
    }
}
