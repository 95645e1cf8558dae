package org.opensva.linux.mm;

import org.jspecify.annotations.Nullable;
import org.opensva.linux.abi.Descriptor;
import org.opensva.linux.abi.KernelErrors;
import org.opensva.linux.abi.SystemCall;
import org.opensva.linux.abi.SystemCalls;

import java.time.Duration;

/**
 * Moves bytes between this Java machine and the memory of a process, by two ways that fail
 * differently.
 *
 * <ul>
 *   <li>{@code process_vm_readv(2)} and {@code process_vm_writev(2)} obey the protection of every
 *       mapping, but name a process id, which exec gives a new memory. So the caller checks that
 *       the old memory is alive before and after.
 *   <li>A descriptor of {@code /proc/PID/mem} names the memory itself and reads nothing once it is
 *       gone, but ignores the protection of private mappings ({@code FOLL_FORCE} in {@code
 *       fs/proc/base.c}). So the caller looks at the mapping first.
 * </ul>
 *
 * <p><b>Threading.</b> Any thread may call. Nothing is allocated once a thread is warm.
 */
public final class Transfers {

    /** Which way bytes take. */
    public enum Way {
        /** {@code process_vm_readv} and {@code process_vm_writev}. */
        PROCESS_VM,
        /** {@code pread} and {@code pwrite} of {@code /proc/PID/mem}. */
        PROC_MEM
    }

    /**
     * No process has a mapping there, whatever its size, its architecture and {@code
     * vm.mmap_min_addr}: bits 63:56 and 55 differ, which no canonical address has.
     */
    private static final long NOWHERE = 0x7fff_ffff_ffff_f000L;

    /** What {@link #read} and {@link #write} answer if the memory is gone, or out of reach. */
    static final long GONE = Long.MIN_VALUE;

    private final SystemCalls kernel;
    private final Way way;
    private final @Nullable PatientTransfer patient;
    private final ThreadLocal<TransferBuffer> buffers =
            ThreadLocal.withInitial(TransferBuffer::new);

    /**
     * Chooses a way.
     *
     * @param kernel the kernel
     * @param way how bytes travel
     */
    public Transfers(SystemCalls kernel, Way way) {
        this(kernel, way, null);
    }

    private Transfers(SystemCalls kernel, Way way, @Nullable PatientTransfer patient) {
        this.kernel = kernel;
        this.way = way;
        this.patient = patient;
    }

    /**
     * Transfers to and from one memory whose pages may never come.
     *
     * @param kernel the kernel
     * @param limit how long a transfer may take; after that the memory counts as gone
     * @return transfers by {@code /proc/PID/mem}
     */
    static Transfers withPatience(SystemCalls kernel, Duration limit) {
        return new Transfers(kernel, Way.PROC_MEM, new PatientTransfer(kernel, limit));
    }

    /** The memory is not needed any more. */
    void close() {
        if (patient != null) {
            patient.close();
        }
    }

    /**
     * The way that was chosen.
     *
     * @return how bytes travel
     */
    public Way way() {
        return way;
    }

    /**
     * Tells whether the memory of a child can be reached by its process id.
     *
     * @param kernel the kernel
     * @param pid a process that was started by this Java machine
     * @return 0, or a negative error number where a policy forbids it (Yama, seccomp, no
     *     capability)
     */
    public static long reach(SystemCalls kernel, long pid) {
        byte[] one = new byte[1];
        TransferBuffer buffer = new TransferBuffer();
        buffer.fill(one, 0, 1);
        // What is refused is either the address or the process.
        long result =
                new Transfers(kernel, Way.PROCESS_VM).processVm(buffer, pid, NOWHERE, 1, false);
        return result >= 0 || result == -KernelErrors.EFAULT ? 0 : result;
    }

    /** Tells whether the memory behind a descriptor of {@code /proc/PID/mem} has users. */
    boolean isAlive(Descriptor mem) {
        // EIO while the memory lives, then it is the end of file; there is no page to wait for.
        return kernel.call(
                        SystemCall.PREAD64, mem.number(), buffers.get().probe(), 1, NOWHERE, 0, 0)
                != 0;
    }

    /**
     * Reads.
     *
     * @return how many bytes before the first that cannot be read; or {@link #GONE}
     */
    long read(long pid, Descriptor mem, long address, byte[] target, int offset, int length) {
        if (way == Way.PROC_MEM) {
            return readNamed(mem, address, target, offset, length);
        }
        TransferBuffer buffer = buffers.get();
        long moved = move(buffer, pid, mem, address, length, false);
        if (moved > 0) {
            buffer.drain(target, offset, (int) moved);
        }
        return moved;
    }

    /**
     * Writes.
     *
     * @return how many bytes before the first that cannot be written; or {@link #GONE}
     */
    long write(long pid, Descriptor mem, long address, byte[] source, int offset, int length) {
        if (way == Way.PROC_MEM) {
            return writeNamed(mem, address, source, offset, length);
        }
        TransferBuffer buffer = buffers.get();
        buffer.fill(source, offset, length);
        return move(buffer, pid, mem, address, length, true);
    }

    private long move(
            TransferBuffer buffer,
            long pid,
            Descriptor mem,
            long address,
            int length,
            boolean write) {
        long result;
        do {
            result = processVm(buffer, pid, address, length, write);
        } while (result == -KernelErrors.EINTR);
        // A policy that has changed since this way was chosen; the descriptor was opened before.
        return result == -KernelErrors.EPERM
                ? named(buffer, mem, address, length, write)
                : meaning(result);
    }

    private long named(
            TransferBuffer buffer, Descriptor mem, long address, int length, boolean write) {
        long result;
        do {
            result = procMem(buffer, mem, address, length, write);
        } while (result == -KernelErrors.EINTR);
        return meaning(result);
    }

    /**
     * Only the end of file and ESRCH are the end of the memory. EFAULT and EIO say that nothing is
     * mapped, EINVAL that it is not an address of a process, ENOMEM that there is no page for it
     * now: that access fails, and the next one may succeed.
     */
    private static long meaning(long result) {
        return result == 0 || result == -KernelErrors.ESRCH || result == PatientTransfer.STUCK
                ? GONE
                : Math.max(result, 0);
    }

    /**
     * Reads by the descriptor, whatever the way; protections are the caller's business.
     *
     * @return how many bytes before the first that is not mapped; or {@link #GONE}
     */
    long readNamed(Descriptor mem, long address, byte[] target, int offset, int length) {
        if (patient != null) {
            return meaning(patient.move(mem, address, target, offset, length, false));
        }
        TransferBuffer buffer = buffers.get();
        long moved = named(buffer, mem, address, length, false);
        if (moved > 0) {
            buffer.drain(target, offset, (int) moved);
        }
        return moved;
    }

    /**
     * Writes by the descriptor, whatever the way; protections are the caller's business.
     *
     * @return how many bytes before the first that is not mapped; or {@link #GONE}
     */
    long writeNamed(Descriptor mem, long address, byte[] source, int offset, int length) {
        if (patient != null) {
            return meaning(patient.move(mem, address, source, offset, length, true));
        }
        TransferBuffer buffer = buffers.get();
        buffer.fill(source, offset, length);
        return named(buffer, mem, address, length, true);
    }

    private long processVm(
            TransferBuffer buffer, long pid, long address, int length, boolean write) {
        buffer.vectors(address, length);
        SystemCall call = write ? SystemCall.PROCESS_VM_WRITEV : SystemCall.PROCESS_VM_READV;
        return kernel.call(call, pid, buffer.local(), 1, buffer.remote(), 1, 0);
    }

    private long procMem(
            TransferBuffer buffer, Descriptor mem, long address, int length, boolean write) {
        SystemCall call = write ? SystemCall.PWRITE64 : SystemCall.PREAD64;
        return kernel.call(call, mem.number(), buffer.address(), length, address, 0, 0);
    }

    /** Copies out of this Java machine's own memory; stops where a page cannot be had. */
    long readOwn(long self, long address, byte[] target, int offset, int length) {
        TransferBuffer buffer = buffers.get();
        long moved = Math.max(0, processVm(buffer, self, address, length, false));
        buffer.drain(target, offset, (int) moved);
        return moved;
    }

    /** Copies into this Java machine's own memory; stops where a page cannot be had. */
    long writeOwn(long self, long address, byte[] source, int offset, int length) {
        TransferBuffer buffer = buffers.get();
        buffer.fill(source, offset, length);
        return Math.max(0, processVm(buffer, self, address, length, true));
    }
}
