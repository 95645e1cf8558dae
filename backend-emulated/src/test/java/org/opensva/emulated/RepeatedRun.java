package org.opensva.emulated;

import io.opentelemetry.api.OpenTelemetry;

import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.QueueRegion;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.api.backend.Introspection;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.api.telemetry.HardwareEvent;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A program of its own, run in a Java virtual machine of its own: two devices at work for several
 * processes under memory pressure, with one thread at a time. Prints the event log.
 */
final class RepeatedRun {

    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int PAGES = 24;

    private RepeatedRun() {}

    /** Arguments: the variant and the seed of the schedule. */
    public static void main(String[] arguments) {
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        Map<String, String> options = new HashMap<>(Map.of("deterministic", arguments[1]));
        if (!arguments[0].endsWith("-noats") && !arguments[0].endsWith("-nopri")) {
            // Elsewhere devices cannot have pages brought back.
            options.put("tormentor", "1");
        }
        Backend backend =
                BackendCatalog.load(RepeatedRun.class.getClassLoader())
                        .open("emulated:" + arguments[0], options, OpenTelemetry.noop());
        try (backend) {
            List<HardwareEvent> events =
                    backend.schedule().orElseThrow().call(() -> program(backend));
            events.forEach(event -> out.println(event));
        }
        out.flush();
    }

    private static List<HardwareEvent> program(Backend backend) {
        Introspection inside = backend.introspection().orElseThrow();
        inside.recordEvents(true);
        Random random = new Random(7);
        long page = backend.processes().pageSize();
        List<SvaProcess> processes = new ArrayList<>();
        List<QueueHandle> queues = new ArrayList<>();
        List<Long> memory = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            SvaProcess process = backend.processes().spawn("worker");
            processes.add(process);
            memory.add(process.mmap(MapRequest.anonymous(PAGES * page)));
            for (Accelerator accelerator : backend.accelerators()) {
                QueueHandle queue = accelerator.open(process);
                queue.mapRegion(QueueRegion.MMIO);
                queue.mapRegion(QueueRegion.SHARED);
                queue.start();
                queues.add(queue);
            }
        }
        int each = backend.accelerators().size();
        for (int round = 0; round < 12; round++) {
            // Everybody works at once; who comes first is the schedule's choice.
            List<Long> jobs = new ArrayList<>();
            for (int q = 0; q < queues.size(); q++) {
                long at = memory.get(q / each);
                long from = at + random.nextInt(PAGES / 2) * page;
                jobs.add(queues.get(q).submit(Job.copy(from, at + PAGES / 2 * page, 3 * page)));
            }
            int i = random.nextInt(processes.size());
            SvaProcess process = processes.get(i);
            process.storeLong(memory.get(i) + random.nextInt(PAGES) * page, round);
            process.fork().close();
            process.madvise(memory.get(i), 2 * page, org.opensva.api.process.Advice.DONTNEED);
            for (int q = 0; q < queues.size(); q++) {
                queues.get(q).await(jobs.get(q), LIMIT);
            }
        }
        List<HardwareEvent> events = inside.events();
        queues.forEach(QueueHandle::close);
        processes.forEach(SvaProcess::close);
        return events;
    }
}
