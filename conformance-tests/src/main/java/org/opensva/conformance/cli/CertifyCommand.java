package org.opensva.conformance.cli;

import io.opentelemetry.api.OpenTelemetry;

import org.jspecify.annotations.Nullable;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.api.backend.BackendException;
import org.opensva.api.backend.BackendProvider;
import org.opensva.api.backend.BackendVariant;
import org.opensva.conformance.campaign.Journal;
import org.opensva.conformance.cli.certificate.CertificateFiles;
import org.opensva.conformance.cli.certificate.InputException;
import org.opensva.conformance.cli.telemetry.Telemetry;
import org.opensva.conformance.cli.telemetry.TelemetryOptions;
import org.opensva.conformance.cli.words.Reason;
import org.opensva.conformance.report.Annotations;
import org.opensva.conformance.report.Certificate;
import org.opensva.conformance.report.ReportFolder;
import org.opensva.conformance.report.RunEnvironment;
import org.opensva.conformance.report.seal.SigningKey;
import org.opensva.conformance.rules.RuleBook;
import org.opensva.conformance.rules.RuleBookException;
import org.opensva.conformance.rules.RuleLayer;
import org.opensva.conformance.suite.ConformanceRun;
import org.opensva.conformance.suite.Verdict;
import org.opensva.conformance.suite.bench.Limits;
import org.opensva.conformance.suite.profile.Latency;
import org.opensva.conformance.suite.profile.PerformanceProfile;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;

/** {@code opensva certify}: runs the suite and writes certificates. */
@Command(
        name = "certify",
        header = "Run the conformance suite and judge every rule of the contract.",
        description =
                "Without --backend: the machine of --profile, or every variant of 'emulated' that"
                        + " can be used here.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  opensva certify",
            "  opensva certify --backend emulated:smmuv3 --report out",
            "  opensva certify --rules 'UNMAP-*,EXIT-0?' --seed 0x51f3",
            "  opensva certify --profile mine.json",
            "  opensva certify --plugin acme.jar --backend acme --option queues=4",
            "  opensva certify --plugin acme.jar --backend acme-atc --layer ats"
        })
final class CertifyCommand implements Callable<Integer> {

    private static final String DEFAULT_BACKEND = "emulated";
    private static final String EVERY_RULE = "*";
    private static final double MAX_FACTOR = 1000;
    private static final String JOURNAL = "journal.jsonl";
    private static final Duration EACH = Duration.ofMillis(1500);

    private final Context context;

    @Mixin private BackendOptions given = new BackendOptions();
    @Mixin private CampaignOptions campaign = new CampaignOptions();
    @Mixin private TelemetryOptions telemetry = new TelemetryOptions();

    @Option(
            names = "--backend",
            paramLabel = "NAME[:VARIANT]",
            description = "A backend to certify; may be repeated.")
    private List<String> backends = List.of();

    @Option(
            names = "--rules",
            paramLabel = "GLOB",
            description = "Judge only rules whose id matches, such as 'UNMAP-*'.")
    private String rules = EVERY_RULE;

    @Option(
            names = "--layer",
            paramLabel = "LAYER",
            description =
                    "Judge only the rules of one part, for a vendor who has that part alone: iommu,"
                            + " ats or queue.")
    private @Nullable String layer;

    @Option(
            names = "--seed",
            paramLabel = "N",
            converter = Seed.class,
            description = "Seed of all random choices; the same by default.")
    private @Nullable Long seed;

    @Option(
            names = "--timeout-factor",
            paramLabel = "F",
            description =
                    "Multiply every time limit, for slow or busy machines; above 1 also the"
                            + " backend's own, by its option 'timeout-factor'.")
    private double timeoutFactor = 1;

    @Option(
            names = "--report",
            paramLabel = "DIR",
            description =
                    "Write certificate.json, index.html, junit.xml, open-test-report.xml and"
                            + " badge.svg into this folder; with several backends into one"
                            + " folder for each of them in it.")
    private @Nullable Path report;

    @Option(
            names = "--measure",
            description =
                    "Also measure how long binds, unmappings, page requests and jobs take, about"
                            + " ten seconds for each backend; reported, and never a verdict.")
    private boolean measure;

    @Option(
            names = "--annotations",
            paramLabel = "FORM",
            description = "Print annotations for a CI system; the form is 'github'.")
    private @Nullable String annotations;

    @Option(
            names = "--sign",
            paramLabel = "KEY",
            description =
                    "Sign each certificate.json with this Ed25519 private key: PKCS#8 in a PEM"
                            + " file, as 'openssl genpkey -algorithm ed25519' writes it.")
    private @Nullable Path key;

    CertifyCommand(Context context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        if (!(timeoutFactor > 0 && timeoutFactor <= MAX_FACTOR)) {
            throw new UsageException(
                    "time-out factor %s is not above 0 and at most 1000".formatted(timeoutFactor));
        }
        campaign.check(report != null);
        if (annotations != null && !annotations.equals("github")) {
            throw new UsageException(
                    "--annotations '%s' is not a form that is known: github"
                            .formatted(annotations));
        }
        RuleBook book = RuleBook.load();
        chooseLayer(book);
        checkRules(book);
        Optional<SigningKey> signing = signing();
        try (Plugins plugins = given.load();
                Telemetry told = context.telemetry().apply(telemetry)) {
            List<String> selectors = selectors(plugins);
            if (selectors.size() > 1 && campaign.isEndless()) {
                throw new UsageException(
                        "--until-failure would stay with the first of %d backends: name one with"
                                        .formatted(selectors.size())
                                + " --backend, or say with --repeat how often");
            }
            for (String selector : selectors) {
                // Makes nothing but the module: an unknown option is found before the first test.
                plugins.catalog().module(selector, telemetry.options(given.options()));
            }
            ReportFolder folder = folder(selectors, book, signing);
            try (Journal journal = journal(selectors, book);
                    Interruption _ = Interruption.watch(context.console(), report != null)) {
                return certify(plugins.catalog(), selectors, book, folder, journal, told);
            } catch (IOException e) {
                throw unwritable(report == null ? Path.of("") : report, e);
            }
        }
    }

    private void chooseLayer(RuleBook book) {
        String chosen = layer;
        if (chosen == null) {
            return;
        }
        if (!rules.equals(EVERY_RULE)) {
            throw new UsageException(
                    "--layer and --rules both choose rules; leave one of them out");
        }
        rules =
                RuleLayer.of(chosen)
                        .map(known -> known.glob(book))
                        .orElseThrow(() ->
                                new UsageException(
                                        "no layer '%s'; there are: %s"
                                                .formatted(chosen, RuleLayer.names())));
    }

    private void checkRules(RuleBook book) {
        try {
            if (book.matching(rules).isEmpty()) {
                throw new UsageException(
                        "no rule matches '%s'; the groups are: %s"
                                .formatted(
                                        rules,
                                        String.join(
                                                ", ",
                                                book.groups().stream()
                                                        .map(group -> group.key() + "-*")
                                                        .toList())));
            }
        } catch (RuleBookException e) {
            throw new UsageException(String.valueOf(e.getMessage()), e);
        }
    }

    private List<String> selectors(Plugins plugins) {
        BackendCatalog catalog = plugins.catalog();
        Set<String> selectors = new LinkedHashSet<>();
        for (String backend : backends) {
            selectors.add(catalog.resolve(backend));
        }
        if (backends.isEmpty() && given.hasProfiles()) {
            selectors.add(plugins.lastProfiled());
        }
        if (!selectors.isEmpty()) {
            return List.copyOf(selectors);
        }
        catalog.resolve(DEFAULT_BACKEND);
        for (BackendProvider provider : catalog.providers()) {
            if (provider.name().equals(DEFAULT_BACKEND)) {
                provider.variants().forEach(variant -> addIfAvailable(selectors, variant));
            }
        }
        if (selectors.isEmpty()) {
            throw new UsageException("no variant of 'emulated' can be used here");
        }
        return List.copyOf(selectors);
    }

    private void addIfAvailable(Set<String> selectors, BackendVariant variant) {
        String selector =
                variant.name().isEmpty() ? DEFAULT_BACKEND : DEFAULT_BACKEND + ":" + variant.name();
        if (variant.available()) {
            selectors.add(selector);
        } else {
            context.console().complain(selector + " is left out: " + variant.reason());
        }
    }

    private Optional<SigningKey> signing() {
        Path pem = key;
        if (pem == null) {
            return Optional.empty();
        }
        if (report == null) {
            throw new UsageException("--sign needs --report: nothing else is signed");
        }
        try {
            return Optional.of(CertificateFiles.key(pem, SigningKey::ofPem));
        } catch (InputException e) {
            throw new UsageException(String.valueOf(e.getMessage()), e);
        }
    }

    private @Nullable ReportFolder folder(
            List<String> selectors, RuleBook book, Optional<SigningKey> signing) {
        Path root = report;
        if (root == null) {
            return null;
        }
        ReportFolder folder = new ReportFolder(root, context.files(), book, signing);
        try {
            // Now, and not after minutes of work that would be lost.
            folder.prepare(selectors);
        } catch (IOException e) {
            throw unwritable(root, e);
        }
        return folder;
    }

    private static UsageException unwritable(Path root, IOException e) {
        return new UsageException(
                "cannot write a report to '%s': %s".formatted(root, Reason.of(e)), e);
    }

    private int certify(
            BackendCatalog catalog,
            List<String> selectors,
            RuleBook book,
            @Nullable ReportFolder folder,
            @Nullable Journal journal,
            Telemetry told) {
        Console console = context.console();
        VerdictReport printer = new VerdictReport(console, book);
        List<Certificate> certificates = new ArrayList<>();
        int status = ExitStatus.GOOD;
        boolean ended = false;
        for (String selector : selectors) {
            if (ended) {
                console.complain(selector + " is left out: the run ended with the first failure");
                status = worse(status, ExitStatus.INCONCLUSIVE);
                continue;
            }
            try {
                Certificate certificate = certify(catalog, selector, book, journal, told);
                printer.print(certificate);
                if (annotations != null) {
                    Annotations.github(certificate).forEach(console.out()::println);
                    console.out().flush();
                }
                certificates.add(certificate);
                status = worse(status, status(certificate));
                ended = campaign.failFast() && hasFailed(certificate);
            } catch (BackendException e) {
                // The other backends are still worth their verdicts.
                console.flush();
                console.complain(selector + ": " + e.getMessage());
                status = worse(status, ExitStatus.USAGE);
            }
        }
        if (folder != null) {
            if (!certificates.isEmpty()) {
                write(folder, certificates, selectors.size() > 1);
            }
            forgetJournal();
        }
        return status;
    }

    private static boolean hasFailed(Certificate certificate) {
        return !certificate.with(Verdict.FAILED).isEmpty()
                || !certificate.contradictions().isEmpty();
    }

    /** What has come to its end needs no taking up again. */
    private void forgetJournal() {
        Path root = report;
        if (root == null) {
            return;
        }
        try {
            Files.deleteIfExists(root.resolve(JOURNAL));
        } catch (IOException e) {
            throw unwritable(root, e);
        }
    }

    private void write(ReportFolder folder, List<Certificate> certificates, boolean several) {
        try {
            Path index = folder.write(certificates, several);
            context.console().out().println("report: " + index);
        } catch (IOException e) {
            context.console().flush();
            throw unwritable(report == null ? Path.of("") : report, e);
        }
    }

    private Certificate certify(
            BackendCatalog catalog,
            String selector,
            RuleBook book,
            @Nullable Journal journal,
            Telemetry told) {
        RunRequest request =
                new RunRequest(
                        catalog,
                        selector,
                        telemetry.options(given.options()),
                        rules,
                        firstSeed(),
                        timeoutFactor,
                        campaign.shard(),
                        campaign.failFast(),
                        plugged(),
                        told.api(),
                        List.of());
        Campaign run = new Campaign(context, book, campaign, journal);
        if (telemetry.isForOneJvm() && run.isIsolated(request)) {
            context.console()
                    .complain(
                            ("warning: %s runs in JVMs of its own, which tell an OTLP receiver"
                                            + " alone: use --otlp, or --no-isolate")
                                    .formatted(selector));
        }
        Certificate certificate =
                Certificate.of(
                        run.run(request),
                        SuiteVersion.current(),
                        book.rules().size(),
                        RunEnvironment.current());
        return measure ? certificate.with(measured(request)) : certificate;
    }

    /** After the verdicts, in this JVM: what is lost with it is in the journal. */
    private static List<Latency> measured(RunRequest request) {
        Limits limits = new Limits(request.timeoutFactor());
        try (Backend backend =
                limits.reaching(request.catalog())
                        .open(request.selector(), request.options(), OpenTelemetry.noop())) {
            return new PerformanceProfile(backend, limits, EACH).run();
        }
    }

    /** What a child JVM is given beside the run. */
    private List<String> plugged() {
        List<String> arguments = new ArrayList<>(given.arguments());
        arguments.addAll(telemetry.childArguments());
        return arguments;
    }

    private long firstSeed() {
        Long chosen = seed;
        return chosen == null ? ConformanceRun.DEFAULT_SEED : chosen;
    }

    /** What must be the same for a run to go on with what another one found. */
    private Map<String, String> identity(List<String> selectors, RuleBook book) {
        return Map.of(
                "suite",
                SuiteVersion.current(),
                "ruleBook",
                book.digest(),
                "backends",
                String.join(",", selectors),
                "plugged",
                String.join(" ", given.arguments()),
                "rules",
                rules,
                "seed",
                "0x" + Long.toHexString(firstSeed()),
                "timeoutFactor",
                String.valueOf(timeoutFactor),
                "shard",
                campaign.shard().toString());
    }

    private @Nullable Journal journal(List<String> selectors, RuleBook book) {
        Path root = report;
        if (root == null) {
            return null;
        }
        Path file = root.resolve(JOURNAL);
        try {
            Map<String, String> identity = identity(selectors, book);
            return campaign.resume()
                    ? Journal.resume(file, identity)
                    : Journal.begin(file, identity);
        } catch (Journal.JournalException e) {
            throw new UsageException("cannot resume '%s': %s".formatted(file, e.getMessage()), e);
        } catch (IOException e) {
            throw campaign.resume()
                    ? new UsageException("cannot resume '%s': %s".formatted(file, Reason.of(e)), e)
                    : unwritable(root, e);
        }
    }

    private static int status(Certificate certificate) {
        return switch (certificate.conclusion()) {
            case CERTIFIED, PARTIAL -> ExitStatus.GOOD;
            case FAILED -> ExitStatus.FOUND;
            case INCONCLUSIVE -> ExitStatus.INCONCLUSIVE;
        };
    }

    /** A broken rule is worse than one that could not be judged, no verdict at all is worst. */
    private static int worse(int a, int b) {
        List<Integer> order =
                List.of(
                        ExitStatus.GOOD,
                        ExitStatus.INCONCLUSIVE,
                        ExitStatus.FOUND,
                        ExitStatus.USAGE);
        return order.indexOf(a) >= order.indexOf(b) ? a : b;
    }
}
