package org.opensva.uacce.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.Engine;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobExecution;
import org.opensva.api.accelerator.JobFlags;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;

import java.util.HexFormat;
import java.util.Set;

class QueueLayoutTest {

    @Test
    void aDescriptorHasEachFieldAtItsPlace() {
        byte[] entry = new byte[64];
        java.util.Arrays.fill(entry, (byte) 0xff);
        Job job =
                new Job(
                        Operation.CRC32C,
                        0x1112131415161718L,
                        0x2122232425262728L,
                        0x3132333435363738L,
                        0x4142434445464748L,
                        0x5152535455565758L);
        QueueLayout.encode(entry, 0x0102030405060708L, job);
        assertEquals(
                "0300000000000000"
                        + "0807060504030201"
                        + "1817161514131211"
                        + "2827262524232221"
                        + "3837363534333231"
                        + "4847464544434241"
                        + "5857565554535251"
                        + "0000000000000000",
                HexFormat.of().formatHex(entry));
    }

    @Test
    void flagsAlgorithmAndParameterBlockHaveTheirPlacesToo() {
        byte[] entry = new byte[64];
        Job job =
                Job.transform(Operation.MAC, Algorithm.SHA3_512, 0, 0, 0, 0)
                        .withParameters(0x6162636465666768L)
                        .withSourceList();
        QueueLayout.encode(entry, 0, job);
        assertEquals("13050c0100000000", HexFormat.of().formatHex(entry, 0, 8));
        assertEquals("6867666564636261", HexFormat.of().formatHex(entry, 56, 64));
    }

    @Test
    void aWordOfControlIsTakenApartAsItWasPutTogether() {
        DescriptorDecoder decoder = new DescriptorDecoder(new EverythingEngine());
        byte[] entry = new byte[64];
        for (Operation operation : Operation.values()) {
            for (Algorithm algorithm : Algorithm.values()) {
                QueueLayout.encode(entry, 0, new Job(operation, 0, 0, 0, 0, 0, algorithm, 0, 0));
                long control = QueueLayout.get(entry, QueueLayout.DESCRIPTOR_OPERATION);
                boolean good = algorithm.operations().contains(operation);
                JobStatus expected = good ? null : JobStatus.BAD_DESCRIPTOR;
                assertEquals(expected, decoder.decode(control, 0), operation + " " + algorithm);
                if (good) {
                    assertEquals(operation, decoder.operation);
                    assertEquals(algorithm, decoder.algorithm);
                }
                for (int flag = 1; flag < 256; flag <<= 1) {
                    JobStatus answer = decoder.decode(control | (long) flag << 8, 0);
                    boolean taken = good && (operation.flags() & flag) != 0;
                    assertEquals(taken ? null : JobStatus.BAD_DESCRIPTOR, answer);
                }
            }
        }
    }

    private static final class EverythingEngine implements Engine {
        @Override
        public Set<Operation> operations() {
            return Set.of(Operation.values());
        }

        @Override
        public Set<Algorithm> algorithms() {
            return Set.of(Algorithm.values());
        }

        @Override
        public int flags() {
            return JobFlags.ALL;
        }

        @Override
        public void execute(JobExecution job) {
            throw new AssertionError("nothing is executed here");
        }
    }

    @Test
    void theOffsetsAreFixed() {
        assertEquals(64, QueueLayout.ENTRY_SIZE);
        assertEquals(1 << QueueLayout.ENTRY_SHIFT, QueueLayout.ENTRY_SIZE);
        assertEquals(0x00, QueueLayout.COMPLETION_TAG);
        assertEquals(0x08, QueueLayout.COMPLETION_STATUS);
        assertEquals(0x10, QueueLayout.COMPLETION_CONSUMED);
        assertEquals(0x18, QueueLayout.COMPLETION_PRODUCED);
        assertEquals(0x20, QueueLayout.COMPLETION_VALUE);
        assertEquals(0x28, QueueLayout.COMPLETION_FAULT_ADDRESS);
        assertEquals(0x38, QueueLayout.COMPLETION_PHASE);
        assertEquals(0x00, QueueLayout.DOORBELL);
        assertEquals(0x00, SharedPage.STATUS);
        assertEquals(0x08, SharedPage.FAULT_ADDRESS);
        assertEquals(0x10, SharedPage.SUBMISSION_RING);
        assertEquals(0x18, SharedPage.COMPLETION_RING);
        assertEquals(0x20, SharedPage.DEPTH);
        int[] errors = {0, 1, 2, 3, 4, 5, 6, 7};
        for (QueueError error : QueueError.values()) {
            assertEquals(errors[error.ordinal()], error.code());
        }
        assertEquals(7, JobStatus.DEVICE_ERROR.code());
        assertEquals(11, JobStatus.BATCH_FAILED.code());
    }

    @Test
    void thePhaseTurnsWithEachLapAlsoWhereTheCountWraps() {
        for (int depth = 2; depth <= QueueLayout.MAX_DEPTH; depth *= 2) {
            assertEquals(1, QueueLayout.phase(0, depth));
            assertEquals(1, QueueLayout.phase(depth - 1, depth));
            assertEquals(0, QueueLayout.phase(depth, depth));
            assertEquals(0, QueueLayout.phase(2 * depth - 1, depth));
            assertEquals(1, QueueLayout.phase(2 * depth, depth));
            assertEquals(0, QueueLayout.phase(-1, depth));
        }
    }

    @Test
    void theSharedPageTakesParametersAndKeepsItsStatusToItself() {
        SharedPage page = new SharedPage(4096);
        for (int width : new int[] {1, 2, 4, 8}) {
            for (long offset = -8; offset < 4096; offset += width) {
                page.write(offset, width, -1L);
            }
        }
        assertEquals(0, page.read(SharedPage.STATUS, 8));
        assertEquals(0, page.read(SharedPage.FAULT_ADDRESS, 8));
        assertEquals(-1L, page.read(SharedPage.SUBMISSION_RING, 8));
        assertEquals(-1L, page.read(SharedPage.COMPLETION_RING, 8));
        assertEquals(-1L, page.read(SharedPage.DEPTH, 8));
        for (long offset = 0x28; offset < 4096; offset += 8) {
            assertEquals(0, page.read(offset, 8));
        }

        page.write(0x12, 2, 0xabcd);
        assertEquals(0xffff_ffff_abcd_ffffL, page.read(0x10, 8));
        page.write(0x11, 2, 0);
        assertEquals(0xffff_ffff_abcd_ffffL, page.read(0x10, 8), "misaligned");
        assertEquals(0xcd, page.read(0x12, 1));
    }

    @Test
    void theStatusWordCountsStartsAndKeepsTheFirstError() {
        SharedPage page = new SharedPage(4096);
        assertEquals(1, page.started());
        page.error(QueueError.BAD_DOORBELL, 5);
        page.error(QueueError.REMOVED, 6);
        assertEquals(1L << 32 | 3, page.read(SharedPage.STATUS, 8));
        assertEquals(5, page.read(SharedPage.FAULT_ADDRESS, 8));
        assertEquals(2, page.started());
        assertEquals(2L << 32, page.read(SharedPage.STATUS, 8));
        assertEquals(0, page.read(SharedPage.FAULT_ADDRESS, 8));
    }

    @Test
    void ringParametersThatMakeNoSenseAreSeen() {
        assertTrue(new RingParameters(-1, -1, 0).valid(64), "no rings");
        assertTrue(new RingParameters(0x1000, 0x2000, 64).valid(64));
        assertTrue(new RingParameters(-0x2000, 0x2000, 64).valid(64));
        RingParameters[] bad = {
            new RingParameters(0x1000, 0x2000, 128),
            new RingParameters(0x1000, 0x2000, 63),
            new RingParameters(0x1000, 0x2000, -64),
            new RingParameters(0x1000, 0x2000, Long.MIN_VALUE),
            new RingParameters(0x1008, 0x2000, 64),
            new RingParameters(0x1000, 0x2020, 64),
            new RingParameters(-64, 0x2000, 64),
        };
        for (RingParameters parameters : bad) {
            assertTrue(!parameters.valid(64), parameters.toString());
        }
    }
}
