package org.opensva.emulated.kernel.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.opensva.api.memory.EnqueuePortal;
import org.opensva.api.memory.MmioRegion;
import org.opensva.api.memory.Protection;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.DeviceMapping;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.OpenFile;
import org.opensva.api.process.Signal;
import org.opensva.api.process.SvaProcess;
import org.opensva.emulated.kernel.TestMachine;
import org.opensva.emulated.kernel.paging.PagingMode;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Commands to portals: whose they are is the processor's to say. */
@ParameterizedClass
@EnumSource(PagingMode.class)
class PortalTest {

    private final TestMachine machine;
    private final SvaProcess process;
    private final List<Integer> submitters = new ArrayList<>();

    PortalTest(PagingMode mode) {
        machine = new TestMachine(mode);
        process = machine.spawn();
    }

    @AfterEach
    void nothingIsLeftBehind() {
        machine.close();
        assertEquals(0, machine.frames.allocatedFrames());
    }

    /** A portal that writes down whose commands it takes, and takes every other one. */
    private final class Portal implements OpenFile, DeviceMapping, EnqueuePortal {
        private volatile boolean present = true;

        @Override
        public String name() {
            return "portal";
        }

        @Override
        public DeviceMapping map(
                SvaProcess caller, long offset, long length, Protection protection) {
            return this;
        }

        @Override
        public void release() {}

        @Override
        public MmioRegion region() {
            return this;
        }

        @Override
        public void unmapped() {}

        @Override
        public boolean present() {
            return present;
        }

        @Override
        public long size() {
            return machine.pageBytes;
        }

        @Override
        public long read(long offset, int width) {
            return 0;
        }

        @Override
        public void write(long offset, int width, long value) {}

        @Override
        public boolean enqueue(long offset, byte[] command) {
            submitters.add(ByteBuffer.wrap(command).order(ByteOrder.LITTLE_ENDIAN).getInt());
            return submitters.size() % 2 == 1;
        }
    }

    private static byte[] command() {
        byte[] command = new byte[EnqueuePortal.COMMAND_SIZE];
        java.util.Arrays.fill(command, (byte) 0xff);
        return command;
    }

    private long map(SvaProcess who, Portal portal) {
        int fd = who.files().install(portal, true);
        return who.mmap(MapRequest.sharedFile(fd, 0, machine.pageBytes));
    }

    private void claim(SvaProcess who, int pasid) {
        machine.addressSpaces.claimPasid(who.addressSpace().id(), pasid, () -> {});
    }

    private static void faults(Signal signal, long address, SvaProcess who) {
        CpuFaultException fault =
                assertThrows(CpuFaultException.class, () -> who.enqueue(address, command()));
        assertEquals(signal, fault.signal());
    }

    @Test
    void aCommandCarriesThePasidOfWhoSubmitsWhateverItSays() {
        Portal portal = new Portal();
        long at = map(process, portal);
        faults(Signal.SIGSEGV, at, process);
        claim(process, 77);
        assertTrue(process.enqueue(at, command()));
        assertFalse(process.enqueue(at + 64, command()), "the answer is the device's");
        assertEquals(List.of(77, 77), submitters);
        SvaProcess thread = process.vfork();
        assertTrue(thread.enqueue(at, command()));
        assertEquals(77, submitters.getLast());
        thread.close();
    }

    @Test
    void aChildHasNeitherPortalNorPasidOfItsParent() {
        Portal portal = new Portal();
        long at = map(process, portal);
        claim(process, 77);
        SvaProcess child = process.fork();
        faults(Signal.SIGSEGV, at, child);
        long own = map(child, portal);
        faults(Signal.SIGSEGV, own, child);
        claim(child, 78);
        assertTrue(child.enqueue(own, command()));
        assertEquals(List.of(78), submitters);
        child.exec();
        faults(Signal.SIGSEGV, own, child);
        child.close();
    }

    @Test
    void whatIsNoPortalTakesNothing() {
        Portal portal = new Portal();
        long at = map(process, portal);
        claim(process, 77);
        long memory = machine.anonymous(process, 1);
        process.storeLong(memory, 5);
        assertFalse(process.enqueue(memory, command()), "memory");
        assertEquals(5, process.loadLong(memory));
        faults(Signal.SIGSEGV, at + 8, process);
        faults(Signal.SIGSEGV, 0, process);
        process.mprotect(memory, machine.pageBytes, Protection.READ);
        faults(Signal.SIGSEGV, memory, process);
        portal.present = false;
        faults(Signal.SIGBUS, at, process);
        process.munmap(at, machine.pageBytes);
        faults(Signal.SIGSEGV, at, process);
        assertEquals(List.of(), submitters);
        process.close();
        assertEquals(
                Errno.ESRCH,
                assertThrows(ErrnoException.class, () -> process.enqueue(at, command())).errno());
    }
}
