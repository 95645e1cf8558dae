package org.opensva.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.opensva.linux.TestedHost.LIMIT;
import static org.opensva.linux.TestedHost.fill;
import static org.opensva.linux.TestedHost.open;
import static org.opensva.linux.TestedHost.started;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.backend.Backend;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.RemapRequest;
import org.opensva.api.process.Signal;
import org.opensva.api.process.SvaProcess;

/** What a device has cached of a memory object follows the process, not the object. */
@EnabledOnOs(value = OS.LINUX, disabledReason = "this is about Linux")
class WindowTest {

    private static final int PAGE = 4096;

    @Test
    void whatIsMovedOverAWindowIsWhatTheDeviceReaches() {
        try (Backend backend = open();
                SvaProcess process = backend.processes().spawn("owner")) {
            QueueHandle queue = started(backend, process);
            int fd = process.createSharedMemory(2L * PAGE);
            long window = process.mmap(MapRequest.sharedFile(fd, 0, 2L * PAGE));
            long alias = process.mmap(MapRequest.sharedFile(fd, 0, 2L * PAGE));
            for (int i = 1; i < 20; i++) {
                assertEquals(JobStatus.SUCCESS, fill(queue, window, i));
                assertEquals(i, process.loadLong(alias));
                long other = process.mmap(MapRequest.anonymous(2L * PAGE));
                process.storeLong(other, 1000 + i);
                long moved =
                        process.mremap(
                                RemapRequest.anywhere(other, 2L * PAGE, 2L * PAGE).to(window));
                assertEquals(window, moved);
                assertEquals(JobStatus.SUCCESS, fill(queue, window + 8, 2000 + i));
                assertEquals(1000 + i, process.loadLong(window));
                assertEquals(2000 + i, process.loadLong(window + 8));
                assertEquals(i, process.loadLong(alias));
                assertEquals(0, process.loadLong(alias + 8));
                assertEquals(
                        window, process.mmap(MapRequest.sharedFile(fd, 0, 2L * PAGE).at(window)));
            }
        }
    }

    @Test
    void aFileThatIsShortenedIsAFaultOfTheDeviceAndNotOfThisSide() {
        try (Backend backend = open();
                SvaProcess process = backend.processes().spawn("owner")) {
            QueueHandle queue = started(backend, process);
            int fd = process.createSharedMemory(2L * PAGE);
            long window = process.mmap(MapRequest.sharedFile(fd, 0, 2L * PAGE));
            long last = window + PAGE;
            for (int i = 1; i < 20; i++) {
                assertEquals(JobStatus.SUCCESS, fill(queue, last, i));
                process.truncate(fd, PAGE);
                assertEquals(JobStatus.PAGE_FAULT, fill(queue, last, i));
                assertEquals(
                        Signal.SIGBUS,
                        assertThrows(CpuFaultException.class, () -> process.loadLong(last))
                                .signal());
                assertEquals(JobStatus.SUCCESS, fill(queue, window, i));
                process.truncate(fd, 2L * PAGE);
                assertEquals(0, process.loadLong(last));
            }
        }
    }

    @Test
    void theEndOfOneProcessLeavesTheWindowToTheOther() {
        try (Backend backend = open();
                SvaProcess process = backend.processes().spawn("owner")) {
            int fd = process.createSharedMemory(PAGE);
            long window = process.mmap(MapRequest.sharedFile(fd, 0, PAGE));
            for (int i = 1; i < 10; i++) {
                try (SvaProcess child = process.fork()) {
                    QueueHandle theirs = started(backend, child);
                    QueueHandle own = started(backend, process);
                    assertEquals(JobStatus.SUCCESS, fill(theirs, window, i));
                    assertEquals(i, process.loadLong(window));
                    child.kill(Signal.SIGKILL);
                    assertTrue(child.awaitTermination(LIMIT));
                    assertEquals(JobStatus.SUCCESS, fill(own, window, -i));
                    assertEquals(-i, process.loadLong(window));
                    own.close();
                }
            }
        }
    }
}
