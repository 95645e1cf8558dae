package org.opensva.linux.abi;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.Optional;

/**
 * Orders accesses to memory and to registers of a device, as a device sees them.
 *
 * <p>The fences of Java order what processors see: on 64-bit Arm they are {@code dmb ish}, which
 * says nothing to an observer outside the inner shareable domain, and nothing about accesses to
 * device memory having arrived. Linux and UADK use {@code dsb} or {@code dmb osh} there ({@code
 * arch/arm64/include/asm/barrier.h}, {@code mb()} of UADK's {@code include/wd.h}); so does this
 * class, with two instructions of its own. On x86-64 stores to memory are never passed by a later
 * store to uncached memory, and a fence of Java is enough.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class DeviceBarrier {

    /** {@code dsb sy; ret}. */
    private static final byte[] ARM_CODE = {
        (byte) 0x9f, 0x3f, 0x03, (byte) 0xd5, (byte) 0xc0, 0x03, 0x5f, (byte) 0xd6
    };

    private static final int PAGE = 65536;
    private static final int READ_WRITE = 3;
    private static final int READ_EXECUTE = 5;
    private static final int PRIVATE_ANONYMOUS = 0x22;

    private final Optional<MethodHandle> code;

    /**
     * Prepares a barrier for this machine: once for each open backend, as its page of code stays
     * mapped.
     *
     * @param kernel where memory for code comes from
     */
    public DeviceBarrier(SystemCalls kernel) {
        code =
                switch (kernel.architecture()) {
                    case X86_64 -> Optional.empty();
                    case AARCH64 -> assemble(kernel);
                };
    }

    /** The kernel makes new code visible to instruction fetches when it makes it executable. */
    @SuppressWarnings("restricted") // The address is that of a page mapped right here.
    private static Optional<MethodHandle> assemble(SystemCalls kernel) {
        long page = kernel.call(SystemCall.MMAP, 0, PAGE, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0);
        if (page < 0) {
            return Optional.empty();
        }
        MemorySegment memory = MemorySegment.ofAddress(page).reinterpret(PAGE);
        MemorySegment.copy(ARM_CODE, 0, memory, JAVA_BYTE, 0, ARM_CODE.length);
        if (kernel.call(SystemCall.MPROTECT, page, PAGE, READ_EXECUTE) < 0) {
            kernel.call(SystemCall.MUNMAP, page, PAGE, 0);
            return Optional.empty();
        }
        return Optional.of(
                Linker.nativeLinker()
                        .downcallHandle(
                                memory,
                                FunctionDescriptor.ofVoid(),
                                Linker.Option.critical(false)));
    }

    /**
     * Everything before has happened, for the device too, before anything behind begins. Where
     * policy forbids code of one's own (SELinux {@code execmem}) it is a fence of Java.
     */
    public void full() {
        VarHandle.fullFence();
        if (code.isEmpty()) {
            return;
        }
        try {
            code.get().invokeExact();
        } catch (RuntimeException | Error failure) {
            throw failure;
        } catch (Throwable failure) {
            throw new IllegalStateException(failure);
        }
    }
}
