package org.opensva.conformance.cli;

import org.opensva.api.backend.BackendDescriptor;
import org.opensva.api.backend.BackendException;
import org.opensva.conformance.campaign.ChapterLine;
import org.opensva.conformance.cli.chapter.ParentLink;
import org.opensva.conformance.cli.telemetry.Telemetry;
import org.opensva.conformance.cli.telemetry.TelemetryOptions;
import org.opensva.conformance.cli.words.Reason;
import org.opensva.conformance.suite.ConformanceListener;
import org.opensva.conformance.suite.ConformanceResult;
import org.opensva.conformance.suite.ConformanceRun;
import org.opensva.conformance.suite.SuiteFault;
import org.opensva.conformance.suite.TestResult;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.Callable;

/** {@code opensva chapter}: the child's side of {@link IsolatedRun}; not for people. */
@Command(name = ChapterCommand.NAME, hidden = true, header = "Run tests for another opensva.")
final class ChapterCommand implements Callable<Integer> {

    static final String NAME = "chapter";

    private final Context context;

    @Mixin private BackendOptions given = new BackendOptions();
    @Mixin private TelemetryOptions telemetry = new TelemetryOptions();

    @Option(names = "--parent", required = true, paramLabel = "SOCKET")
    private Path parent = Path.of("");

    @Option(names = "--backend", required = true)
    private String backend = "";

    @Option(names = "--rules")
    private String rules = "*";

    @Option(names = "--seed", converter = Seed.class)
    private long seed;

    @Option(names = "--timeout-factor")
    private double timeoutFactor = 1;

    @Option(names = "--fail-fast")
    private boolean failFast;

    ChapterCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        try (ParentLink link = ParentLink.open(parent);
                Plugins plugins = given.load();
                Telemetry told = context.telemetry().apply(telemetry)) {
            Set<String> tests = names(link.request());
            try {
                link.say(new ChapterLine.Done(run(plugins, tests, link, told).claims()));
            } catch (BackendException e) {
                link.say(new ChapterLine.Refused(String.valueOf(e.getMessage())));
            } catch (SuiteFault e) {
                link.say(new ChapterLine.Fault(String.valueOf(e.getMessage())));
            }
            return ExitStatus.GOOD;
        } catch (IOException e) {
            throw new UsageException("no parent at '%s': %s".formatted(parent, Reason.of(e)), e);
        }
    }

    private static Set<String> names(String request) throws IOException {
        try {
            Set<String> names = new HashSet<>();
            for (JsonNode name : JsonMapper.shared().readTree(request)) {
                names.add(name.asString(""));
            }
            return names;
        } catch (JacksonException e) {
            throw new IOException("it asked for something unknown", e);
        }
    }

    private ConformanceResult run(
            Plugins plugins, Set<String> tests, ParentLink link, Telemetry told) {
        return context.suite()
                .run(
                        ConformanceRun.builder()
                                .catalog(plugins.catalog())
                                .backend(backend)
                                .options(telemetry.options(given.options()))
                                .telemetry(told.api())
                                .rules(rules)
                                .seed(seed)
                                .timeoutFactor(timeoutFactor)
                                .failFast(failFast)
                                .only(tests::contains)
                                .claims(tests.isEmpty())
                                .listener(new Reporter(link)));
    }

    /** Passes on what the run says. */
    private record Reporter(ParentLink link) implements ConformanceListener {
        @Override
        public void runStarted(BackendDescriptor descriptor, int tests, int ruleCount) {
            link.say(new ChapterLine.Opened(descriptor));
        }

        @Override
        public void testStarted(String name, String sentence) {
            link.say(new ChapterLine.Started(name, sentence));
        }

        @Override
        public void testFinished(TestResult result, int done) {
            link.say(new ChapterLine.Finished(result));
        }
    }
}
