package org.opensva.conformance.cli;

import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendException;
import org.opensva.conformance.cli.telemetry.Telemetry;
import org.opensva.conformance.cli.telemetry.TelemetryOptions;
import org.opensva.conformance.programs.Claims;
import org.opensva.conformance.programs.Finding;
import org.opensva.conformance.programs.Observation;
import org.opensva.conformance.programs.Program;
import org.opensva.conformance.programs.ProgramRunner;
import org.opensva.conformance.programs.Run;
import org.opensva.conformance.programs.Shrinker;
import org.opensva.conformance.rules.Rule;
import org.opensva.conformance.rules.RuleBook;
import org.opensva.conformance.suite.ConformanceListener;
import org.opensva.conformance.suite.ConformanceResult;
import org.opensva.conformance.suite.ConformanceRun;
import org.opensva.conformance.suite.RuleResult;
import org.opensva.conformance.suite.Verdict;
import org.opensva.conformance.suite.bench.Limits;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/** {@code opensva compare}: the same rules and the same programs on several backends. */
@Command(
        name = "compare",
        header = "Judge several backends by the same rules and run the same programs on them.",
        description = {
            "Shows the rules on which the backends do not agree, then runs random programs that all"
                    + " of them can run, and compares step by step what processes and devices saw."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  opensva compare --backend emulated:smmuv3 --backend emulated:smmuv3-stall",
            "  opensva compare --backend emulated:smmuv3 --backend acme --plugin acme.jar"
        })
final class CompareCommand implements Callable<Integer> {

    private static final int SHRINKING = 2000;

    private final Context context;

    @Mixin private BackendOptions given = new BackendOptions();
    @Mixin private TelemetryOptions telemetry = new TelemetryOptions();
    @Mixin private ProgramOptions chosen = new ProgramOptions();

    @Option(
            names = "--backend",
            paramLabel = "NAME[:VARIANT]",
            required = true,
            description = "A backend; at least two.")
    private List<String> names = List.of();

    @Option(names = "--no-rules", description = "Only programs.")
    private boolean withoutRules;

    private int status;

    CompareCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        chosen.check();
        status = ExitStatus.GOOD;
        try (Plugins plugins = given.load();
                Telemetry told = context.telemetry().apply(telemetry)) {
            LinkedHashSet<String> selectors = new LinkedHashSet<>();
            for (String name : names) {
                selectors.add(plugins.catalog().resolve(name));
            }
            if (selectors.size() < 2) {
                throw new UsageException("comparing needs two different backends");
            }
            if (!withoutRules) {
                compareRules(plugins, List.copyOf(selectors), told);
            }
            comparePrograms(plugins, List.copyOf(selectors), told);
        }
        return status;
    }

    private void say(String line) {
        context.console().out().println(line);
    }

    private void compareRules(Plugins plugins, List<String> selectors, Telemetry told) {
        Map<String, Map<String, Verdict>> verdicts = new LinkedHashMap<>();
        for (String selector : selectors) {
            ConformanceResult result =
                    context.suite()
                            .run(
                                    ConformanceRun.builder()
                                            .catalog(plugins.catalog())
                                            .backend(selector)
                                            .options(telemetry.options(given.options()))
                                            .telemetry(told.api())
                                            .timeoutFactor(chosen.limits().factor())
                                            .listener(new ConformanceListener() {}));
            verdicts.put(
                    selector,
                    result.rules().stream()
                            .collect(
                                    Collectors.toMap(
                                            rule -> rule.rule().id(), RuleResult::verdict)));
            if (result.rules().stream().anyMatch(rule -> rule.verdict() == Verdict.FAILED)) {
                status = ExitStatus.FOUND;
            }
        }
        int same = 0;
        for (Rule rule : RuleBook.load().rules()) {
            List<Verdict> row =
                    verdicts.values().stream()
                            .map(of -> of.getOrDefault(rule.id(), Verdict.NOT_OBSERVABLE))
                            .toList();
            if (row.stream().distinct().count() == 1 && row.getFirst() != Verdict.FAILED) {
                same++;
                continue;
            }
            say(rule.id() + "  " + rule.title());
            for (int i = 0; i < selectors.size(); i++) {
                say("    %-32s %s".formatted(selectors.get(i), row.get(i).id()));
            }
        }
        say("rules: %d the same on all %d backends".formatted(same, selectors.size()));
    }

    /** A backend that takes part. */
    private record Side(String name, Backend backend, Claims claims) {

        Run run(Program program, Limits limits) {
            return new ProgramRunner(backend, claims, limits).run(program);
        }

        Finding shrink(Finding finding, Limits limits) {
            return new Shrinker(candidate -> run(candidate, limits).finding(), SHRINKING)
                    .shrink(finding);
        }
    }

    private void comparePrograms(Plugins plugins, List<String> selectors, Telemetry told) {
        List<Side> sides = new ArrayList<>();
        try {
            for (String selector : selectors) {
                Backend backend =
                        chosen.limits()
                                .reaching(plugins.catalog())
                                .open(selector, telemetry.options(given.options()), told.api());
                sides.add(new Side(selector, backend, claims(selector, backend)));
            }
            comparePrograms(sides);
        } catch (BackendException e) {
            throw new UsageException(String.valueOf(e.getMessage()), e);
        } finally {
            sides.reversed().forEach(side -> side.backend().close());
        }
    }

    private static Claims claims(String selector, Backend backend) {
        try {
            return Claims.of(backend);
        } catch (IllegalArgumentException e) {
            backend.close();
            throw new UsageException(selector + ": " + e.getMessage(), e);
        }
    }

    private void comparePrograms(List<Side> sides) {
        Claims common = sides.stream().map(Side::claims).reduce(Claims::and).orElseThrow();
        Program program = chosen.given();
        if (program != null) {
            compare(sides, program);
            return;
        }
        AtomicInteger steps = new AtomicInteger();
        int programs =
                chosen.each(
                        common,
                        context.nanoTime(),
                        next -> {
                            steps.addAndGet(next.steps().size());
                            return compare(sides, next);
                        });
        if (status != ExitStatus.FOUND) {
            say(
                    "programs: %d with %d steps, and every step that the contract fixes is the same"
                            .formatted(programs, steps.get()));
        }
    }

    /**
     * Runs a program on all sides. What the contract leaves open may differ; what it fixes is
     * checked against the model on each.
     */
    private boolean compare(List<Side> sides, Program program) {
        for (Side side : sides) {
            Optional<Finding> finding = side.run(program, chosen.limits()).finding();
            if (finding.isPresent()) {
                status = ExitStatus.FOUND;
                show(sides, side.shrink(finding.get(), chosen.limits()).program());
                return false;
            }
        }
        return true;
    }

    private void show(List<Side> sides, Program program) {
        List<Run> runs = sides.stream().map(side -> side.run(program, chosen.limits())).toList();
        for (int i = 0; i < sides.size(); i++) {
            Optional<Finding> finding = runs.get(i).finding();
            say(
                    "%s: %s"
                            .formatted(
                                    sides.get(i).name(),
                                    finding.map(Finding::summary).orElse("keeps the contract")));
        }
        say("");
        for (int step = 0; step < program.steps().size(); step++) {
            say(program.steps().get(step).text());
            for (int i = 0; i < sides.size(); i++) {
                List<Optional<Observation>> seen = runs.get(i).observations();
                String shown =
                        step >= seen.size()
                                ? "not reached"
                                : seen.get(step).map(Observation::text).orElse("skipped");
                say("#   %-32s %s".formatted(sides.get(i).name(), shown));
            }
        }
    }
}
