package org.opensva.linux.uacce;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobParameters;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operand;
import org.opensva.api.accelerator.Operation;
import org.opensva.linux.uacce.spec.HpreDescriptor;
import org.opensva.linux.uacce.spec.QueueManager;
import org.opensva.linux.uacce.spec.SecDescriptor2;
import org.opensva.linux.uacce.spec.SecDescriptor3;
import org.opensva.linux.uacce.spec.ZipDescriptor;
import org.opensva.uacce.cdev.UacceCommands;

import java.util.HexFormat;

/**
 * Descriptors byte by byte. The bytes were written by a C compiler from the structures of UADK's
 * {@code drv/hisi_comp.c}, {@code drv/hisi_sec.c} and {@code drv/hisi_hpre.c}, filled as its
 * functions fill them.
 */
class DescriptorBytesTest {

    private static final long SOURCE = 0x1122334455667788L;
    private static final long DESTINATION = 0x99aabbccddeeff00L;
    private static final long KEY = 0x0123456789abcdefL;
    private static final long VECTOR = 0xfedcba9876543210L;
    private static final int TAG = 0x0102;

    private final FakeProcess process = new FakeProcess();

    private static void assertBytes(String expected, byte[] actual) {
        assertEquals(expected.replaceAll("\\s", ""), HexFormat.of().formatHex(actual));
    }

    private static byte[] descriptor(QueueFormat format, Job job) {
        return assertInstanceOf(QueueFormat.Work.class, format.encode(TAG, job)).descriptor();
    }

    private static JobStatus refusal(QueueFormat format, Job job) {
        return assertInstanceOf(QueueFormat.Refusal.class, format.encode(TAG, job))
                .result()
                .status();
    }

    private Job with(Operation operation, Algorithm algorithm, long length, JobParameters block) {
        process.store(0x5000, block.encode());
        return Job.transform(operation, algorithm, SOURCE, length, DESTINATION, 1 << 20)
                .withParameters(0x5000);
    }

    @Test
    void hisiZipOfVersion2() {
        byte[] bytes = new byte[ZipDescriptor.SIZE];
        ZipDescriptor.INPUT_LENGTH.set(bytes, 0x1000);
        ZipDescriptor.OUTPUT_ROOM.set(bytes, 0x2000);
        ZipDescriptor.SOURCE.set(bytes, SOURCE);
        ZipDescriptor.DESTINATION.set(bytes, DESTINATION);
        ZipDescriptor.FORMAT.set(bytes, ZipDescriptor.GZIP);
        ZipDescriptor.NEW_STREAM.set(bytes, 1);
        ZipDescriptor.FINISH.set(bytes, 1);
        ZipDescriptor.TAG_OLD.set(bytes, TAG);
        assertBytes(
                """
                00000000000000000000000000000000001000000000000000000000
                0000000a000000000300000000000000000000000000000002010000
                00200000000000000000000000000000887766554433221100ffeedd
                ccbbaa99000000000000000000000000000000000000000000000000
                00000000000000000000000000000000
                """,
                bytes);
    }

    @Test
    void hisiZipOfVersion3() {
        assertBytes(
                """
                00000000000000000000000000000000001000000000000000000000
                0000003a000000000100000000000000000000000000000000000000
                00200000000000000000000000000000887766554433221100ffeedd
                ccbbaa99000000000000000000000000000000000201000000000000
                00000000000000000000000000000000
                """,
                descriptor(
                        new ZipFormat(3, process),
                        Job.transform(Operation.INFLATE, SOURCE, 0x1000, DESTINATION, 0x2000)));
    }

    @Test
    void hisiSec2OfVersion2Encrypts() {
        JobParameters block =
                JobParameters.EMPTY.withKey(new Operand(KEY, 32)).withIv(new Operand(VECTOR, 16));
        assertBytes(
                """
                120a0000000000000000000000140200000000003012000000000000
                00000000000000000000000002010000000000000000000000000000
                0000000000000000000000000000000000000000000000001032547
                698badcfeefcdab8967452301887766554433221100ffeeddccbbaa99
                00000000000000000000000000000000
                """,
                descriptor(
                        new SecFormat(2, process),
                        with(Operation.ENCRYPT, Algorithm.AES_CBC, 0x1230, block)));
    }

    @Test
    void hisiSec2OfVersion2Authenticates() {
        JobParameters block = JobParameters.EMPTY.withKey(new Operand(KEY, 64));
        assertBytes(
                """
                4208000000000000088a000000000000341200000000000000000000
                00000000000000000000000002010000000000000000000000000000
                0000000000000000efcdab896745230100ffeeddccbbaa9900000000
                00000000000000000000000088776655443322110000000000000000
                00000000000000000000000000000000
                """,
                descriptor(
                        new SecFormat(2, process),
                        with(Operation.MAC, Algorithm.SHA_256, 0x1234, block)));
    }

    @Test
    void hisiSec2OfVersion3Decrypts() {
        JobParameters block =
                JobParameters.EMPTY.withKey(new Operand(KEY, 16)).withIv(new Operand(VECTOR, 16));
        assertBytes(
                """
                23020000020024000201000000000000887766554433221100000000
                0000000000000000000000000000000000000000efcdab8967452301
                0000000c0000000000000000000000003312000000ffeeddccbbaa99
                00000000000000001032547698badcfe000000000000000000000000
                00000000000000000000000000000000
                """,
                descriptor(
                        new SecFormat(3, process),
                        with(Operation.DECRYPT, Algorithm.AES_CTR, 0x1233, block)));
    }

    @Test
    void hisiSec2OfVersion3Digests() {
        assertBytes(
                """
                e3000000000000000201000000000000887766554433221100000000
                00000000000000000000000000000000000000000000000000000000
                01810200000000000000000056341200000000000000000000000000
                00ffeeddccbbaa990000000000000000000000000000000000000000
                00000000000000000000000000000000
                """,
                descriptor(
                        new SecFormat(3, process),
                        Job.transform(
                                Operation.DIGEST,
                                Algorithm.SHA_512,
                                SOURCE,
                                0x123456,
                                DESTINATION,
                                64)));
    }

    @Test
    void hisiHpre() {
        byte[] bytes = new byte[HpreDescriptor.SIZE];
        HpreDescriptor.ALGORITHM.set(bytes, HpreDescriptor.MULTIPLY_X);
        HpreDescriptor.DONE.set(bytes, HpreDescriptor.NEW);
        HpreDescriptor.SIZE_UNITS.set(bytes, 3);
        HpreDescriptor.KEY.set(bytes, KEY);
        HpreDescriptor.SOURCE.set(bytes, SOURCE);
        HpreDescriptor.DESTINATION.set(bytes, DESTINATION);
        HpreDescriptor.TAG.set(bytes, TAG);
        assertBytes(
                """
                1000004003000000efcdab8967452301887766554433221100ffeedd
                ccbbaa99020100000000000000000000000000000000000000000000
                0000000000000000
                """,
                bytes);
        byte[] failed =
                HexFormat.of()
                        .parseHex(
                                "f0ff20c003000000efcdab8967452301887766554433221100ffeeddccbbaa99"
                                        + "02010000000000000000000000000000"
                                        + "00000000000000000000000000000000");
        assertEquals(HpreDescriptor.FINISHED, HpreDescriptor.DONE.get(failed));
        assertEquals(0x7ff, HpreDescriptor.ERROR.get(failed));
        assertEquals(HpreDescriptor.SVA_ERROR, HpreDescriptor.ERROR_MORE.get(failed));
    }

    @Test
    void doorbellsAreThoseOfTheirVersion() {
        assertEquals(0x0001_0007_0001_0123L, QueueManager.doorbell(1, 0x123, 1, 7, 1));
        assertEquals(0x0000_0007_0000_0123L, QueueManager.doorbell(2, 0x123, 0, 7, 0));
        assertEquals(0x0001_03ff_0000_13ffL, QueueManager.doorbell(3, 0x3ff, 1, 0x3ff, 1));
        assertEquals(0x340, QueueManager.doorbellOffset(1));
        assertEquals(0x1000, QueueManager.doorbellOffset(2));
        assertEquals(0x1000, QueueManager.doorbellOffset(3));
        assertEquals(0xc004480a, UacceCommands.QM_SET_QP_CTX);
        assertEquals(0xc010480b, UacceCommands.QM_SET_QP_INFO);
    }

    @Test
    void aCompletionHasItsPhaseInTheLastHalfWord() {
        byte[] completion = HexFormat.of().parseHex("00000000000000000501070000000100");
        assertEquals(1, QueueManager.CQE_PHASE.get(completion));
        assertEquals(0x105, QueueManager.CQE_SQ_HEAD.get(completion));
        assertEquals(7, QueueManager.CQE_SQ_NUMBER.get(completion));
    }

    @Test
    void whatTheDeviceDoesNotDoIsRefusedWithoutAskingIt() {
        SecFormat old = new SecFormat(2, process);
        JobParameters key =
                JobParameters.EMPTY.withKey(new Operand(KEY, 17)).withIv(new Operand(VECTOR, 16));
        assertEquals(
                JobStatus.BAD_PARAMETERS,
                refusal(old, with(Operation.ENCRYPT, Algorithm.AES_CBC, 64, key)));
        assertEquals(
                JobStatus.UNSUPPORTED,
                refusal(old, with(Operation.ENCRYPT, Algorithm.AES_CTR, 64, key)));
        assertEquals(
                JobStatus.UNSUPPORTED,
                refusal(old, with(Operation.MAC, Algorithm.SHA_256, 64, key)));
        assertEquals(
                JobStatus.UNSUPPORTED,
                refusal(
                        old,
                        with(
                                Operation.DIGEST,
                                Algorithm.SHA_256,
                                64,
                                JobParameters.EMPTY.withOptions(JobParameters.SESSION))));
        assertEquals(
                JobStatus.PAGE_FAULT,
                refusal(
                        new ZipFormat(2, process),
                        Job.transform(Operation.GUNZIP, 0xdead_0000L, 100, 0x6000, 100)));
        assertEquals(
                JobStatus.UNSUPPORTED,
                refusal(
                        new ZipFormat(2, process),
                        Job.transform(Operation.INFLATE, SOURCE, 100, DESTINATION, 100)));
    }

    @Test
    void aHeaderIsLeftToTheLibrary() {
        ZipFormat format = new ZipFormat(2, process);
        Job job = Job.transform(Operation.GZIP, SOURCE, 0x1000, 0x6000, 0x2000);
        QueueFormat.Work work = assertInstanceOf(QueueFormat.Work.class, format.encode(TAG, job));
        assertBytes("1f8b0800000000000003", process.load(0x6000, 10));
        byte[] done = work.descriptor().clone();
        assertEquals(0x600a, ZipDescriptor.DESTINATION.get(done));
        assertEquals(0x2000 - 10, ZipDescriptor.OUTPUT_ROOM.get(done));
        ZipDescriptor.CONSUMED.set(done, 0x1000);
        ZipDescriptor.PRODUCED.set(done, 100);
        ZipDescriptor.STATUS.set(done, ZipDescriptor.STATUS_GREW);
        assertEquals(
                new JobResult(JobStatus.SUCCESS, 0x1000, 110, 0, 0), work.outcome().result(done));
        ZipDescriptor.STATUS.set(done, ZipDescriptor.STATUS_FULL);
        assertEquals(JobStatus.DESTINATION_FULL, work.outcome().result(done).status());
    }

    @Test
    void aPageFaultThatOnlyVersion3TellsOfIsOne() {
        Job job = Job.transform(Operation.DIGEST, Algorithm.SHA_256, SOURCE, 64, DESTINATION, 32);
        QueueFormat.Work work =
                assertInstanceOf(
                        QueueFormat.Work.class, new SecFormat(3, process).encode(TAG, job));
        byte[] done = new byte[SecDescriptor3.SIZE];
        SecDescriptor3.DONE.set(done, 1);
        assertEquals(JobStatus.SUCCESS, work.outcome().result(done).status());
        SecDescriptor3.ERROR.set(done, 3);
        assertEquals(JobStatus.DEVICE_ERROR, work.outcome().result(done).status());
        SecDescriptor3.SVA_STATUS.set(done, 1);
        assertEquals(JobStatus.PAGE_FAULT, work.outcome().result(done).status());
        assertEquals(SecDescriptor2.DONE, SecDescriptor3.DONE);
        assertEquals(SecDescriptor2.ERROR, SecDescriptor3.ERROR);
    }

    @Test
    void aValueThatDoesNotFitIsRefused() {
        assertThrows(
                IllegalArgumentException.class,
                () -> ZipDescriptor.STATUS.set(new byte[ZipDescriptor.SIZE], 0x100));
    }
}
