package org.opensva.emulated.kernel.process;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.opensva.api.memory.MmioRegion;
import org.opensva.api.memory.Protection;
import org.opensva.api.process.Advice;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.DeviceMapping;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.FaultOutcome;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.OpenFile;
import org.opensva.api.process.Signal;
import org.opensva.api.process.SvaProcess;
import org.opensva.emulated.kernel.TestMachine;
import org.opensva.emulated.kernel.paging.PagingMode;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

@ParameterizedClass
@EnumSource(PagingMode.class)
class FileTest {

    private final TestMachine machine;
    private final int pageBytes;
    private final SvaProcess process;
    private final List<String> log = Collections.synchronizedList(new ArrayList<>());

    FileTest(PagingMode mode) {
        machine = new TestMachine(mode);
        pageBytes = machine.pageBytes;
        process = machine.spawn();
    }

    @AfterEach
    void nothingIsLeftBehind() {
        machine.close();
        assertEquals(0, machine.frames.allocatedFrames());
    }

    /** A device file with two pages of registers that log what they see. */
    private final class Registers implements OpenFile, DeviceMapping, MmioRegion {
        private volatile boolean present = true;

        @Override
        public String name() {
            return "registers";
        }

        @Override
        public DeviceMapping map(
                SvaProcess caller, long offset, long length, Protection protection) {
            if (offset != 0) {
                throw new ErrnoException(Errno.EINVAL, "map", "no such region");
            }
            log.add("map " + length);
            return this;
        }

        @Override
        public void release() {
            log.add("release");
        }

        @Override
        public MmioRegion region() {
            return this;
        }

        @Override
        public void unmapped() {
            log.add("unmapped");
        }

        @Override
        public boolean present() {
            return present;
        }

        @Override
        public long size() {
            return 2 * pageBytes;
        }

        @Override
        public long read(long offset, int width) {
            log.add("read %d %d".formatted(offset, width));
            return 0x0807060504030201L >>> (offset & 7) * 8;
        }

        @Override
        public void write(long offset, int width, long value) {
            log.add("write %d %d %x".formatted(offset, width, value));
        }
    }

    private List<String> taken() {
        List<String> taken = List.copyOf(log);
        log.clear();
        return taken;
    }

    private static void refused(Errno errno, Runnable call) {
        assertEquals(errno, assertThrows(ErrnoException.class, call::run).errno());
    }

    @Test
    void loadsAndStoresOfADeviceMappingReachItsRegisters() {
        int fd = process.files().install(new Registers(), true);
        long at = process.mmap(MapRequest.sharedFile(fd, 0, 2 * pageBytes));
        process.storeLong(at + 8, 0x55);
        process.store(at + pageBytes + 4, new byte[] {1, 2, 3, 4});
        assertEquals(0x0807060504030201L, process.loadLong(at));
        assertArrayEquals(new byte[] {2, 3, 4, 5, 6, 7, 8}, process.load(at + 1, 7));
        assertEquals(
                List.of(
                        "map " + 2 * pageBytes,
                        "write 8 8 55",
                        "write " + (pageBytes + 4) + " 4 4030201",
                        "read 0 8",
                        "read 1 1",
                        "read 2 2",
                        "read 4 4"),
                taken());
        assertEquals(FaultOutcome.INVALID, process.addressSpace().handleFault(at, 1));
    }

    @Test
    void aDeviceMappingIsNeverMovedForkedOrDiscarded() {
        int fd = process.files().install(new Registers(), false);
        long at = process.mmap(MapRequest.sharedFile(fd, 0, 2 * pageBytes));
        refused(Errno.EPERM, () -> process.mremap(at, 2 * pageBytes, 4 * pageBytes, true));
        refused(Errno.EINVAL, () -> process.madvise(at, pageBytes, Advice.DONTNEED));
        SvaProcess child = process.fork();
        CpuFaultException fault = assertThrows(CpuFaultException.class, () -> child.loadLong(at));
        assertEquals(Signal.SIGSEGV, fault.signal());
    }

    @Test
    void theFileLivesAsLongAsItsMappingAndEndsAfterIt() {
        int fd = process.files().install(new Registers(), false);
        long at = process.mmap(MapRequest.sharedFile(fd, 0, 2 * pageBytes));
        process.closeFile(fd);
        process.munmap(at, pageBytes);
        assertEquals(List.of("map " + 2 * pageBytes), taken());
        process.storeLong(at + pageBytes, 1);
        assertEquals(List.of("write " + pageBytes + " 8 1"), taken());
        process.munmap(at + pageBytes, pageBytes);
        assertEquals(List.of("unmapped", "release"), taken());
    }

    @Test
    void aMappingThatTheDriverRefusesLeavesNothing() {
        int fd = process.files().install(new Registers(), false);
        refused(Errno.EINVAL, () -> process.mmap(MapRequest.sharedFile(fd, pageBytes, pageBytes)));
        process.closeFile(fd);
        assertEquals(List.of("release"), taken());
    }

    @Test
    void aRemovedDeviceGivesABusError() {
        Registers registers = new Registers();
        int fd = process.files().install(registers, false);
        long at = process.mmap(MapRequest.sharedFile(fd, 0, pageBytes));
        registers.present = false;
        CpuFaultException fault =
                assertThrows(CpuFaultException.class, () -> process.loadLong(at + 8));
        assertEquals(Signal.SIGBUS, fault.signal());
        assertEquals(at + 8, fault.address());
    }

    @Test
    void aFileIsReleasedWithItsLastDescriptorOfAllProcesses() {
        int fd = process.files().install(new Registers(), false);
        SvaProcess child = process.fork();
        SvaProcess other = machine.spawn();
        int passed = other.files().receive(process.files(), fd);
        process.closeFile(fd);
        child.close();
        assertEquals(List.of(), taken());
        other.closeFile(passed);
        assertEquals(List.of("release"), taken());
        refused(Errno.EBADF, () -> other.files().receive(process.files(), fd));
    }

    @Test
    void execClosesWhatIsMarkedAfterTheOldMemoryIsGone() {
        TestMachine.Recorder recorder = new TestMachine.Recorder();
        recorder.releaseCheck = () -> log.add("memory released");
        process.addressSpace().subscribe(recorder);
        int kept = process.files().install(new Registers(), false);
        process.files().install(new Registers(), true);
        process.exec();
        assertEquals(List.of("memory released", "release"), taken());
        assertTrue(process.files().get(kept).isPresent());
    }

    @Test
    void exitReleasesMemoryThenMappingsThenFiles() {
        TestMachine.Recorder recorder = new TestMachine.Recorder();
        recorder.releaseCheck = () -> log.add("memory released");
        process.addressSpace().subscribe(recorder);
        int fd = process.files().install(new Registers(), false);
        process.mmap(MapRequest.sharedFile(fd, 0, pageBytes));
        process.exit(0);
        assertEquals(
                List.of("map " + pageBytes, "memory released", "unmapped", "release"), taken());
    }

    @Test
    void theLowestFreeDescriptorIsGivenAndThereIsAnEnd() {
        int first = process.createSharedMemory(0);
        int second = process.createSharedMemory(0);
        assertEquals(first + 1, second);
        process.closeFile(first);
        assertEquals(first, process.createSharedMemory(0));
        while (second < DescriptorTable.LIMIT - 1) {
            second = process.createSharedMemory(0);
        }
        refused(Errno.EMFILE, () -> process.createSharedMemory(0));
        Registers registers = new Registers();
        refused(Errno.EMFILE, () -> process.files().install(registers, false));
        assertEquals(List.of(), taken());
    }
}
