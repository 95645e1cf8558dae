package org.opensva.uacce.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Engine;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;

import java.lang.management.ManagementFactory;
import java.util.EnumSet;

class EngineAllocationTest {

    private static final int JOBS = 2_000;

    @Test
    void aWarmEngineAllocatesNothingForAJob() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        Engine engine = new StandardEngines().create();
        FlatMemory memory = new FlatMemory(1 << 17);
        for (int i = 0; i < 1 << 15; i++) {
            memory.bytes[i] = (byte) (i / 7);
        }
        for (Operation operation : EnumSet.range(Operation.NOP, Operation.UNZLIB)) {
            Job job = job(operation, memory, engine);
            for (int i = 0; i < JOBS; i++) {
                memory.execute(engine, job);
            }
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < JOBS; i++) {
                memory.execute(engine, job);
            }
            long each = (threads.getCurrentThreadAllocatedBytes() - before) / JOBS;
            assertEquals(JobStatus.SUCCESS, memory.status, operation.id());
            assertTrue(each < 8, operation + " allocates " + each + " bytes");
        }
    }

    private static Job job(Operation operation, FlatMemory memory, Engine engine) {
        Operation before =
                switch (operation) {
                    case GUNZIP -> Operation.GZIP;
                    case INFLATE -> Operation.DEFLATE;
                    case UNZLIB -> Operation.ZLIB;
                    default -> null;
                };
        long from = FlatMemory.at(0);
        long length = 1 << 12;
        if (before != null) {
            from = FlatMemory.at(1 << 15);
            length =
                    memory.run(engine, Job.transform(before, FlatMemory.at(0), 1 << 12, from, 9000))
                            .produced();
        }
        return Job.transform(operation, from, length, FlatMemory.at(1 << 16), 1 << 14);
    }
}
