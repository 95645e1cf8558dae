package org.opensva.linux.abi;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * The one way into the kernel: {@code syscall(2)} of the C library, with its error number.
 *
 * <p>Results are those of the kernel itself: 0 or more, or a negative error number. Nothing here
 * waits longer than the call that is made; a caller that may block gives the kernel a time limit.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class SystemCalls {

    /** Made when first used: on another system there may be no such function. */
    private static final class Downcall {

        private static final StructLayout STATE = Linker.Option.captureStateLayout();
        private static final VarHandle ERRNO = STATE.varHandle(PathElement.groupElement("errno"));
        private static final MethodHandle SYSCALL = handle();

        @SuppressWarnings("restricted") // Calling the kernel is what this module is for.
        private static MethodHandle handle() {
            Linker linker = Linker.nativeLinker();
            MemorySegment function =
                    linker.defaultLookup()
                            .find("syscall")
                            .orElseThrow(() -> new IllegalStateException("libc has no syscall()"));
            return linker.downcallHandle(
                    function,
                    FunctionDescriptor.of(
                            JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
                            JAVA_LONG, JAVA_LONG),
                    Linker.Option.captureCallState("errno"),
                    Linker.Option.firstVariadicArg(1));
        }
    }

    private final Architecture architecture;
    private final ThreadLocal<MemorySegment> state =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(Downcall.STATE));

    /**
     * Calls the kernel of this machine.
     *
     * @param architecture what {@link Architecture#host} says
     */
    public SystemCalls(Architecture architecture) {
        this.architecture = architecture;
    }

    /**
     * Where the calls go.
     *
     * @return the architecture of this machine
     */
    public Architecture architecture() {
        return architecture;
    }

    /**
     * Makes a system call.
     *
     * @param call which one
     * @param a the first argument
     * @param b the second argument
     * @param c the third argument
     * @param d the fourth argument
     * @param e the fifth argument
     * @param f the sixth argument
     * @return 0 or more, or a negative error number
     */
    public long call(SystemCall call, long a, long b, long c, long d, long e, long f) {
        MemorySegment captured = state.get();
        long result;
        try {
            result =
                    (long)
                            Downcall.SYSCALL.invokeExact(
                                    captured, (long) call.number(architecture), a, b, c, d, e, f);
        } catch (RuntimeException | Error failure) {
            throw failure;
        } catch (Throwable failure) {
            throw new IllegalStateException(failure);
        }
        return result == -1 ? -(int) Downcall.ERRNO.get(captured, 0L) : result;
    }

    /**
     * Makes a system call with up to three arguments.
     *
     * @param call which one
     * @param a the first argument
     * @param b the second argument
     * @param c the third argument
     * @return 0 or more, or a negative error number
     */
    public long call(SystemCall call, long a, long b, long c) {
        return call(call, a, b, c, 0, 0, 0);
    }
}
