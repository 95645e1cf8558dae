package org.opensva.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import org.opensva.linux.abi.Architecture;
import org.opensva.linux.abi.SystemCall;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.List;

/**
 * A seccomp filter for the calling thread and everything that it starts: what container profiles
 * do, made of real filters ({@code seccomp(2)}, {@code include/uapi/linux/seccomp.h}, {@code
 * filter.h}).
 */
final class SeccompFilter {

    private static final int PR_SET_NO_NEW_PRIVS = 38;
    private static final int PR_SET_SECCOMP = 22;
    private static final int SECCOMP_MODE_FILTER = 2;
    private static final int RET_ALLOW = 0x7fff_0000;
    private static final int RET_EPERM = 0x0005_0000 | 1;
    private static final int LOAD_WORD = 0x20;
    private static final int JUMP_EQUAL = 0x15;
    private static final int RETURN = 0x06;

    private SeccompFilter() {}

    /**
     * Refuses calls, and requests of {@code ioctl}, with {@code EPERM} from now on, in this thread
     * and its children.
     */
    @SuppressWarnings("restricted")
    static boolean refuse(List<SystemCall> calls, List<Long> requests) throws Throwable {
        Architecture architecture = Architecture.host().orElseThrow();
        Linker linker = Linker.nativeLinker();
        MethodHandle prctl =
                linker.downcallHandle(
                        linker.defaultLookup().find("prctl").orElseThrow(),
                        FunctionDescriptor.of(
                                JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
                        Linker.Option.firstVariadicArg(1));
        try (Arena arena = Arena.ofConfined()) {
            int count = calls.size() + requests.size() + 5;
            MemorySegment filter = arena.allocate(count * 8L, 8);
            int at = 0;
            // struct seccomp_data: nr is at 0, the second argument at 24.
            put(filter, at++, LOAD_WORD, 0, 0, 0);
            for (SystemCall call : calls) {
                put(filter, at, JUMP_EQUAL, count - at - 2, 0, call.number(architecture));
                at++;
            }
            int ioctl = SystemCall.IOCTL.number(architecture);
            put(filter, at++, JUMP_EQUAL, 0, requests.size() + 1, ioctl);
            put(filter, at++, LOAD_WORD, 0, 0, 24);
            for (long request : requests) {
                put(filter, at, JUMP_EQUAL, count - at - 2, 0, (int) request);
                at++;
            }
            put(filter, at++, RETURN, 0, 0, RET_ALLOW);
            put(filter, at, RETURN, 0, 0, RET_EPERM);
            MemorySegment program = arena.allocate(16, 8);
            program.set(JAVA_SHORT, 0, (short) count);
            program.set(JAVA_LONG, 8, filter.address());
            return (int) prctl.invokeExact(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) == 0
                    && (int)
                                    prctl.invokeExact(
                                            PR_SET_SECCOMP,
                                            (long) SECCOMP_MODE_FILTER,
                                            program.address(),
                                            0L,
                                            0L)
                            == 0;
        }
    }

    private static void put(MemorySegment filter, int index, int code, int yes, int no, int k) {
        filter.set(JAVA_SHORT, index * 8L, (short) code);
        filter.set(JAVA_BYTE, index * 8L + 2, (byte) yes);
        filter.set(JAVA_BYTE, index * 8L + 3, (byte) no);
        filter.set(JAVA_INT, index * 8L + 4, k);
    }
}
