package org.opensva.uacce;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.opensva.uacce.lab.Lab.SOON;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.QueueState;
import org.opensva.api.backend.ForeignHandlePolicy;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.uacce.lab.Lab;
import org.opensva.uacce.lab.LabProcess;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Random programs over several handles of one queue, beside a model of a few lines. */
class QueueModelTest {

    private static final int DEPTH = 4;

    /** What one handle knows: its tickets, and the counter value that each job writes. */
    private static final class Model {
        final Map<Long, Long> outstanding = new LinkedHashMap<>();
    }

    @Test
    void randomProgramsAgreeWithTheModel() {
        for (int seed = 0; seed < 60; seed++) {
            try (Lab lab =
                            new Lab(
                                    UacceConfig.of("lab-0")
                                            .withQueueDepth(DEPTH)
                                            .withForeignHandles(ForeignHandlePolicy.OPENER));
                    LabProcess parent = new LabProcess()) {
                program(lab, parent, seed);
            }
        }
    }

    private void program(Lab lab, LabProcess parent, int seed) {
        Random random = new Random(seed);
        QueueHandle queue = lab.device.open(parent);
        List<QueueHandle> handles = new ArrayList<>();
        handles.add(queue);
        handles.add(queue.inheritedBy(parent.fork()));
        handles.add(queue.passTo(new LabProcess()));
        List<Model> models = new ArrayList<>();
        handles.forEach(handle -> models.add(new Model()));
        long cells = parent.memory(new byte[4096]);
        boolean started = false;
        long next = 1;
        for (int step = 0; step < 300; step++) {
            int who = random.nextInt(handles.size());
            QueueHandle handle = handles.get(who);
            Map<Long, Long> mine = models.get(who).outstanding;
            String at = "seed " + seed + " step " + step;
            switch (random.nextInt(10)) {
                case 0 -> {
                    Errno errno = errno(handle::start);
                    assertEquals(started ? Errno.EINVAL : null, errno, at);
                    started = true;
                }
                case 1 -> {
                    handle.putQueue();
                    started = false;
                }
                case 2, 3, 4, 5 -> {
                    long value = next++;
                    long[] ticket = new long[1];
                    long cell = cells + (value % 512) * 8;
                    Errno errno = errno(() -> ticket[0] = handle.submit(Job.fill(cell, 8, value)));
                    if (!started) {
                        assertEquals(Errno.EINVAL, errno, at);
                    } else if (errno == null) {
                        assertEquals(null, mine.put(ticket[0], value), at);
                    } else {
                        assertEquals(Errno.EAGAIN, errno, at);
                        long direct = mine.size() + others(models, who);
                        assertTrue(direct >= DEPTH, at);
                    }
                }
                case 6, 7, 8 -> {
                    if (!mine.isEmpty()) {
                        long ticket = pick(random, mine);
                        long value = mine.remove(ticket);
                        JobResult result = handle.await(ticket, SOON);
                        assertEquals(new JobResult(JobStatus.SUCCESS, 8, 8, 0, 0), result, at);
                        assertEquals(value, parent.loadLong(cells + (value % 512) * 8), at);
                        assertEquals(
                                Errno.EINVAL, errno(() -> handle.await(ticket, Duration.ZERO)), at);
                    }
                }
                default -> {
                    if (mine.isEmpty()) {
                        assertFalse(handle.poll(Duration.ZERO), at);
                    } else {
                        assertTrue(handle.poll(SOON), at);
                    }
                }
            }
            assertEquals(started ? QueueState.STARTED : QueueState.INIT, handle.state(), at);
        }
        handles.forEach(QueueHandle::close);
        assertEquals(256, lab.device.availableInstances());
        assertEquals(0, lab.endpoint.bonds());
    }

    private static long others(List<Model> models, int who) {
        long count = 0;
        for (int i = 0; i < models.size(); i++) {
            count += i == who ? 0 : models.get(i).outstanding.size();
        }
        return count;
    }

    private static long pick(Random random, Map<Long, Long> tickets) {
        return tickets.keySet().stream()
                .skip(random.nextInt(tickets.size()))
                .findFirst()
                .orElseThrow();
    }

    private static Errno errno(Runnable call) {
        try {
            call.run();
            return null;
        } catch (ErrnoException e) {
            return e.errno();
        }
    }
}
