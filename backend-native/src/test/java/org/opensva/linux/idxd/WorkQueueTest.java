package org.opensva.linux.idxd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.opentelemetry.api.OpenTelemetry;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.api.backend.Capability;
import org.opensva.api.memory.Protection;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.linux.NativeBackendProvider;
import org.opensva.linux.idxd.spec.CompletionRecord;
import org.opensva.linux.idxd.spec.WorkDescriptor;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A work queue whose node is a pipe: what a real process writes to it is what the driver would get,
 * and this test is the device, with the process's own memory.
 */
@EnabledOnOs(value = OS.LINUX, disabledReason = "this is about Linux")
class WorkQueueTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);

    @TempDir Path root;

    private Path pipe;

    @BeforeEach
    void machine() throws IOException, InterruptedException {
        Path device = root.resolve("sys/bus/dsa/devices/dsa0");
        file(device.resolve("pasid_enabled"), "1");
        file(device.resolve("max_transfer_size"), "2147483648");
        file(device.resolve("cmd_status"), "0x0");
        file(
                device.resolve("op_cap"),
                "00000000,00000000,00000000,00000000,00000000,00000000,00000001,003f03fd");
        Path queue = device.resolve("wq0.0");
        file(queue.resolve("state"), "enabled");
        file(queue.resolve("type"), "user");
        file(queue.resolve("mode"), "dedicated");
        file(queue.resolve("size"), "4");
        file(queue.resolve("block_on_fault"), "0");
        file(queue.resolve("max_transfer_size"), "1048576");
        Files.createSymbolicLink(root.resolve("sys/bus/dsa/devices/wq0.0"), Path.of("dsa0/wq0.0"));
        pipe = root.resolve("dev/dsa/wq0.0");
        Files.createDirectories(pipe.getParent());
        assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
    }

    private static void file(Path path, String text) throws IOException {
        Files.createDirectories(path.getParent());
        Files.writeString(path, text + "\n");
    }

    private Backend open() {
        return BackendCatalog.of(List.of(new NativeBackendProvider(root)))
                .open("native:idxd/wq0.0", Map.of(), OpenTelemetry.noop());
    }

    private byte[] next(RandomAccessFile device) throws IOException {
        byte[] descriptor = new byte[WorkDescriptor.SIZE];
        device.readFully(descriptor);
        return descriptor;
    }

    /** The device: writes a record, the status last. */
    private static void answer(SvaProcess process, byte[] descriptor, byte[] record) {
        long place = WorkDescriptor.COMPLETION.get(descriptor);
        process.store(place + 8, record, 8, record.length - 8);
        long first = 0;
        for (int i = 7; i >= 0; i--) {
            first = first << 8 | record[i] & 0xff;
        }
        process.storeLong(place, first);
    }

    private static byte[] record(int status) {
        byte[] record = new byte[CompletionRecord.DSA_SIZE];
        record[0] = (byte) status;
        return record;
    }

    private static byte[] fault(int status, long done, long address) {
        byte[] record = record(status);
        CompletionRecord.COMPLETED.set(record, done);
        CompletionRecord.FAULT_ADDRESS.set(record, address);
        return record;
    }

    @Test
    void aProcessWritesTheDescriptorAndTheRecordIsItsAnswer() throws IOException {
        try (Backend backend = open();
                RandomAccessFile device = new RandomAccessFile(pipe.toFile(), "rw");
                SvaProcess process = backend.processes().spawn("owner")) {
            QueueHandle queue = backend.accelerators().getFirst().open(process);
            queue.start();
            long memory = process.mmap(MapRequest.anonymous(process.pageSize() * 2L));
            process.store(memory, "shared addresses".getBytes());
            long ticket = queue.submit(Job.copy(memory, memory + 4096, 16));
            byte[] descriptor = next(device);
            assertEquals(0x03, WorkDescriptor.OPCODE.get(descriptor));
            assertEquals(0x0c, WorkDescriptor.FLAGS.get(descriptor));
            assertEquals(memory, WorkDescriptor.SOURCE.get(descriptor));
            assertEquals(16, WorkDescriptor.LENGTH.get(descriptor));
            assertEquals(0, WorkDescriptor.COMPLETION.get(descriptor) % 64);
            process.store(
                    WorkDescriptor.DESTINATION.get(descriptor),
                    process.load(WorkDescriptor.SOURCE.get(descriptor), 16));
            answer(process, descriptor, record(1));
            assertEquals(
                    new JobResult(JobStatus.SUCCESS, 16, 16, 0, 0), queue.await(ticket, LIMIT));
            assertArrayEquals("shared addresses".getBytes(), process.load(memory + 4096, 16));
            queue.close();
        }
    }

    @Test
    void neverAreThereMoreDescriptorsThanTheQueueHolds() throws IOException {
        try (Backend backend = open();
                RandomAccessFile device = new RandomAccessFile(pipe.toFile(), "rw");
                SvaProcess process = backend.processes().spawn("owner")) {
            QueueHandle queue = backend.accelerators().getFirst().open(process);
            queue.start();
            long first = queue.submit(Job.nop());
            for (int i = 1; i < 4; i++) {
                queue.submit(Job.nop());
            }
            ErrnoException full = assertThrows(ErrnoException.class, () -> queue.submit(Job.nop()));
            assertEquals(Errno.EAGAIN, full.errno());
            answer(process, next(device), record(1));
            assertEquals(JobStatus.SUCCESS, queue.await(first, LIMIT).status());
            queue.submit(Job.nop());
        }
    }

    @Test
    void aPageThatIsOnlyAbsentIsTouchedAndTheRestSubmittedAgain() throws IOException {
        try (Backend backend = open();
                RandomAccessFile device = new RandomAccessFile(pipe.toFile(), "rw");
                SvaProcess process = backend.processes().spawn("owner")) {
            QueueHandle queue = backend.accelerators().getFirst().open(process);
            queue.start();
            long memory = process.mmap(MapRequest.anonymous(process.pageSize() * 4L));
            long ticket = queue.submit(Job.copy(memory, memory + 8192, 8192));
            answer(process, next(device), fault(0x83, 4096, memory + 8192 + 4096));
            assertTrue(!queue.poll(Duration.ZERO));
            byte[] rest = next(device);
            assertEquals(memory + 4096, WorkDescriptor.SOURCE.get(rest));
            assertEquals(memory + 8192 + 4096, WorkDescriptor.DESTINATION.get(rest));
            assertEquals(4096, WorkDescriptor.LENGTH.get(rest));
            answer(process, rest, record(1));
            assertEquals(
                    new JobResult(JobStatus.SUCCESS, 8192, 8192, 0, 0), queue.await(ticket, LIMIT));
        }
    }

    @Test
    void aPageThatTheProcessMayNotTouchEitherIsAFaultWithItsAddress() throws IOException {
        try (Backend backend = open();
                RandomAccessFile device = new RandomAccessFile(pipe.toFile(), "rw");
                SvaProcess process = backend.processes().spawn("owner")) {
            QueueHandle queue = backend.accelerators().getFirst().open(process);
            queue.start();
            long memory = process.mmap(MapRequest.anonymous(process.pageSize() * 2L));
            process.mprotect(memory + 4096, 4096, Protection.READ);
            long ticket = queue.submit(Job.fill(memory, 8192, 5));
            answer(process, next(device), fault(0x83, 4096, memory + 4096));
            assertEquals(
                    new JobResult(JobStatus.PAGE_FAULT, 4096, 4096, 0, memory + 4096),
                    queue.await(ticket, LIMIT));
            process.munmap(memory, 8192);
            long gone = queue.submit(Job.crc32c(memory, 64));
            answer(process, next(device), fault(0x03, 0, memory));
            assertEquals(JobStatus.PAGE_FAULT, queue.await(gone, LIMIT).status());
        }
    }

    @Test
    void aFaultThatLeadsNowhereEnds() throws IOException {
        try (Backend backend = open();
                RandomAccessFile device = new RandomAccessFile(pipe.toFile(), "rw");
                SvaProcess process = backend.processes().spawn("owner")) {
            QueueHandle queue = backend.accelerators().getFirst().open(process);
            queue.start();
            long memory = process.mmap(MapRequest.anonymous(process.pageSize()));
            long ticket = queue.submit(Job.crc32c(memory, 64));
            for (int i = 0; i < 9; i++) {
                answer(process, next(device), fault(0x03, 0, memory));
                queue.poll(Duration.ZERO);
            }
            assertEquals(JobStatus.PAGE_FAULT, queue.await(ticket, LIMIT).status());
        }
    }

    @Test
    void anotherProcessMayNotSubmitAndTheEndOfTheOpenerEndsTheQueue() {
        try (Backend backend = open();
                SvaProcess process = backend.processes().spawn("owner")) {
            assertTrue(backend.descriptor().claims(Capability.FOREIGN_REFUSE));
            QueueHandle queue = backend.accelerators().getFirst().open(process);
            queue.start();
            try (SvaProcess child = process.fork()) {
                QueueHandle inherited = queue.inheritedBy(child);
                assertEquals(
                        Errno.EPERM,
                        assertThrows(ErrnoException.class, () -> inherited.submit(Job.nop()))
                                .errno());
                long ticket = queue.submit(Job.nop());
                process.exit(0);
                assertEquals(JobStatus.ABORTED, queue.await(ticket, LIMIT).status());
            }
        }
    }

    @Test
    void whatADescriptorSaysIsWhatTheHeaderSays() {
        WorkQueueNode node =
                new DsaBus(root.resolve("sys"), root.resolve("dev")).workQueues().getFirst();
        WorkCodec codec = new WorkCodec(node);
        long source = 0x1122334455667788L;
        long destination = 0x99aabbccddeeff00L;
        long other = 0x0123456789abcdefL;
        String head = "1032547698badcfe";
        assertDescriptor(
                "000000000c000004" + head + "887766554433221100ffeeddccbbaa9900100000",
                codec,
                Job.fill(destination, 0x1000, source));
        assertDescriptor(
                "000000000c000010"
                        + head
                        + "8877665544332211000000000000000000100000"
                        + "00000000efbeadde",
                codec,
                Job.crc32c(source, 0x1000).withArgument(0xdeadbeefL));
        assertDescriptor(
                "000000000c000009"
                        + head
                        + "887766554433221100ffeeddccbbaa9900100000"
                        + "00000000efcdab8967452301",
                codec,
                Job.dualCast(source, destination, other, 0x1000));
    }

    private static void assertDescriptor(String expected, WorkCodec codec, Job job) {
        assertEquals(
                (expected + "0".repeat(128)).substring(0, 128),
                HexFormat.of()
                        .formatHex(codec.encode(job, 0xfedcba9876543210L, 0x5566778811223344L)));
    }

    /** As {@code struct iax_hw_desc} of {@code include/uapi/linux/idxd.h} is laid out. */
    @Test
    void aQueueOfIaaCompressesFromAStateInItsOwnMemory() throws IOException {
        Path device = root.resolve("sys/bus/dsa/devices/iax1");
        file(device.resolve("pasid_enabled"), "1");
        file(device.resolve("max_transfer_size"), "2147483648");
        file(
                device.resolve("op_cap"),
                "00000000,00000000,00000000,00000000,00000000,0000000c,00000000,0000000d");
        Path queue = device.resolve("wq1.0");
        file(queue.resolve("state"), "enabled");
        file(queue.resolve("type"), "user");
        file(queue.resolve("mode"), "dedicated");
        file(queue.resolve("size"), "4");
        file(queue.resolve("max_transfer_size"), "2097152");
        Files.createSymbolicLink(root.resolve("sys/bus/dsa/devices/wq1.0"), Path.of("iax1/wq1.0"));
        WorkQueueNode node =
                new DsaBus(root.resolve("sys"), root.resolve("dev")).workQueues().get(1);
        WorkCodec codec = new WorkCodec(node);
        assertEquals(
                EnumSet.of(
                        Operation.NOP,
                        Operation.DRAIN,
                        Operation.COPY,
                        Operation.INFLATE,
                        Operation.DEFLATE),
                codec.operations());
        Job deflate =
                Job.transform(
                        Operation.DEFLATE,
                        0x1122334455667788L,
                        0x1000,
                        0x99aabbccddeeff00L,
                        0x2000);
        assertDescriptor(
                "000000000c0101431032547698badcfe887766554433221100ffeeddccbbaa99"
                        + "0010000000000600443322118877665500200000200600000000000000000000",
                codec,
                deflate);
        assertDescriptor(
                "000000000c0000421032547698badcfe887766554433221100ffeeddccbbaa99"
                        + "0010000000000f00000000000000000000200000000000000000000000000000",
                codec,
                Job.transform(
                        Operation.INFLATE,
                        0x1122334455667788L,
                        0x1000,
                        0x99aabbccddeeff00L,
                        0x2000));
        assertEquals(Optional.empty(), codec.refusal(deflate.withArgument(9)));
        assertEquals(
                Optional.of(JobStatus.BAD_DESCRIPTOR), codec.refusal(deflate.withArgument(10)));
    }

    @Test
    void aJobThatIsDoneAgainMayFindEachOfItsPagesAbsent() throws IOException {
        try (Backend backend = open();
                RandomAccessFile device = new RandomAccessFile(pipe.toFile(), "rw");
                SvaProcess process = backend.processes().spawn("owner")) {
            QueueHandle queue = backend.accelerators().getFirst().open(process);
            queue.start();
            int pages = 40;
            long memory = process.mmap(MapRequest.anonymous((long) pages * process.pageSize()));
            long ticket = queue.submit(Job.crc32c(memory, (long) pages * process.pageSize()));
            for (int i = 0; i < pages; i++) {
                answer(process, next(device), fault(0x03, 0, memory + i * 4096L));
                assertTrue(!queue.poll(Duration.ZERO));
            }
            answer(process, next(device), record(1));
            assertEquals(JobStatus.SUCCESS, queue.await(ticket, LIMIT).status());
        }
    }

    @Test
    void aRecordOfDsaAndOneOfIaa() {
        byte[] dsa =
                HexFormat.of()
                        .parseHex(
                                "830100000010000000ffeeddccbbaa9944332211000000000000000000000000");
        assertEquals(3, CompletionRecord.STATUS.get(dsa));
        assertEquals(1, CompletionRecord.WRITE_FAULT.get(dsa));
        assertEquals(1, CompletionRecord.RESULT.get(dsa));
        assertEquals(0x1000, CompletionRecord.COMPLETED.get(dsa));
        assertEquals(0x99aabbccddeeff00L, CompletionRecord.FAULT_ADDRESS.get(dsa));
        assertEquals(0x11223344, CompletionRecord.CRC.get(dsa));
        byte[] iaa = new byte[CompletionRecord.IAA_SIZE];
        byte[] start =
                HexFormat.of().parseHex("0".repeat(48) + "77070000" + "00000000" + "88776655");
        System.arraycopy(start, 0, iaa, 0, start.length);
        assertEquals(0x777, CompletionRecord.IAA_OUTPUT_SIZE.get(iaa));
        assertEquals(0x55667788, CompletionRecord.IAA_CRC.get(iaa));
    }
}
