package org.opensva.uacce;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.uacce.lab.Lab;
import org.opensva.uacce.lab.LabProcess;

class SmokeTest {
    @Test
    void aCopyThroughTheRings() {
        try (Lab lab = new Lab();
                LabProcess p = new LabProcess();
                QueueHandle q = lab.device.open(p)) {
            q.start();
            long src = p.memory("hello".getBytes());
            long dst = p.memory(new byte[5]);
            assertEquals(JobStatus.SUCCESS, q.run(Job.copy(src, dst, 5), Lab.SOON).status());
            assertArrayEquals("hello".getBytes(), p.load(dst, 5));
            for (int i = 0; i < 20000; i++) {
                assertEquals(JobStatus.SUCCESS, q.run(Job.nop(), Lab.SOON).status());
            }
            long t = System.nanoTime();
            for (int i = 0; i < 200000; i++) {
                q.run(Job.nop(), Lab.SOON);
            }
            System.out.println((System.nanoTime() - t) / 200000 + " ns/job");
        }
    }
}
