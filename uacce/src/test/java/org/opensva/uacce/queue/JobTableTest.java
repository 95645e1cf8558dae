package org.opensva.uacce.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.JobStatus;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

class JobTableTest {

    @Test
    void aRandomHistoryAgreesWithAMapAndNoTicketComesTwice() {
        Random random = new Random(1);
        JobTable table = new JobTable(8, JobTable.DIRECT);
        Map<Long, JobTable.State> model = new HashMap<>();
        Set<Long> ever = new HashSet<>();
        for (int i = 0; i < 50_000; i++) {
            List<Long> known = new ArrayList<>(model.keySet());
            long some =
                    known.isEmpty() || random.nextInt(5) == 0
                            ? random.nextLong()
                            : known.get(random.nextInt(known.size()));
            switch (random.nextInt(4)) {
                case 0 -> {
                    long ticket = table.open(this);
                    assertEquals(model.size() == 8, ticket == JobTable.NONE);
                    if (ticket != JobTable.NONE) {
                        assertTrue(ever.add(ticket));
                        assertTrue(ticket > 0 && (ticket & JobTable.DIRECT) != 0);
                        model.put(ticket, JobTable.State.PENDING);
                    }
                }
                case 1 -> {
                    boolean pending = model.get(some) == JobTable.State.PENDING;
                    assertEquals(pending, table.finish(some, JobStatus.SUCCESS, some, 2, 3, 4));
                    model.computeIfPresent(some, (k, v) -> JobTable.State.DONE);
                }
                case 2 -> {
                    if (model.get(some) == JobTable.State.DONE) {
                        long[] result = new long[4];
                        table.collect(some, result);
                        assertEquals(some, result[0]);
                        model.remove(some);
                    }
                }
                default -> {
                    table.cancel(some);
                    model.remove(some, JobTable.State.PENDING);
                }
            }
            assertEquals(model.getOrDefault(some, JobTable.State.UNKNOWN), table.stateOf(some));
            long done = model.values().stream().filter(JobTable.State.DONE::equals).count();
            assertEquals(done, table.done());
            assertEquals(model.size() - done, table.pending());
        }
    }

    @Test
    void theJobsOfSomebodyWhoHasGoneGiveTheirSlotsBack() {
        JobTable table = new JobTable(4, 0);
        Object gone = new Object();
        long finished = table.open(gone);
        long running = table.open(gone);
        long other = table.open(this);
        table.finish(finished, JobStatus.SUCCESS, 0, 0, 0, 0);
        assertTrue(table.hasDone(gone));
        assertFalse(table.hasDone(this));

        table.forget(gone);
        assertEquals(JobTable.State.UNKNOWN, table.stateOf(finished));
        assertEquals(2, table.pending());
        assertTrue(table.finish(running, JobStatus.SUCCESS, 0, 0, 0, 0));
        assertEquals(JobTable.State.UNKNOWN, table.stateOf(running));
        assertEquals(0, table.done());
        assertEquals(JobTable.State.PENDING, table.stateOf(other));
    }
}
