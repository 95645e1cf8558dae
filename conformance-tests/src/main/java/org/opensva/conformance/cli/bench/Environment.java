package org.opensva.conformance.cli.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Where and how a run was measured.
 *
 * @param facts what the document says of it, by name
 * @param load how many threads wanted a processor before it began; negative if nobody knows
 * @param processors how many processors there are
 */
record Environment(Map<String, Object> facts, double load, int processors) {

    private static final Path PROCESSORS = Path.of("/proc/cpuinfo");

    /** From this share of the processors on, somebody else's work is in the figures. */
    private static final double BUSY = 0.5;

    /** As it is before a run. */
    static Environment before(boolean quick, int forks) {
        int processors = Runtime.getRuntime().availableProcessors();
        double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("began", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
        facts.put("java", System.getProperty("java.runtime.version", "unknown"));
        facts.put("vm", System.getProperty("java.vm.name", "unknown"));
        facts.put("os", System.getProperty("os.name", "unknown"));
        facts.put("arch", System.getProperty("os.arch", "unknown"));
        processor().ifPresent(name -> facts.put("processor", name));
        facts.put("processors", processors);
        facts.put("load", load);
        facts.put("quick", quick);
        facts.put("forks", forks);
        return new Environment(Collections.unmodifiableMap(facts), load, processors);
    }

    /** What Linux says it is. */
    private static Optional<String> processor() {
        try (Stream<String> lines = Files.lines(PROCESSORS)) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst();
        } catch (IOException | java.io.UncheckedIOException e) {
            return Optional.empty();
        }
    }

    /** What people have to know about the figures, if anything. */
    Optional<String> warning() {
        return load < BUSY * processors
                ? Optional.empty()
                : Optional.of(
                        "this machine was busy before the run began (load %.1f, processors %d)"
                                .formatted(load, processors));
    }
}
