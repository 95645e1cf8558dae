package com.acme.sva;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;

import java.time.Duration;

/** A platform, and short words for what tests do with it. */
final class Bench implements AutoCloseable {

    static final int PAGE = Frame.SIZE;
    private static final Duration LONG = Duration.ofSeconds(30);

    final AcmeBackend backend = new AcmeBackend(4);

    SvaProcess process() {
        return backend.spawn("test");
    }

    QueueHandle device(SvaProcess process, int index) {
        QueueHandle handle = backend.accelerators().get(index).open(process);
        handle.start();
        return handle;
    }

    TranslationCache cache(int index) {
        return ((AcmeAccelerator) backend.accelerators().get(index)).cache();
    }

    static long map(SvaProcess process, int pages) {
        return process.mmap(MapRequest.anonymous((long) pages * PAGE));
    }

    static JobResult run(QueueHandle device, Job job) {
        return device.run(job, LONG);
    }

    static JobResult write(QueueHandle device, long address, long value) {
        return run(device, Job.fill(address, Long.BYTES, value));
    }

    static JobResult await(QueueHandle device, long ticket) {
        return device.await(ticket, LONG);
    }

    static void refused(Errno errno, Runnable call) {
        assertEquals(errno, assertThrows(ErrnoException.class, call::run).errno());
    }

    @Override
    public void close() {
        backend.close();
        assertEquals(0, backend.framesInUse(), "frames in use after the end");
        assertEquals(0, backend.pasidsInUse(), "PASIDs in use after the end");
    }
}
