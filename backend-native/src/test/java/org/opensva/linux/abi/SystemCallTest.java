package org.opensva.linux.abi;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

import java.util.Optional;

/** Numbers as in syscall_64.tbl and in the generic unistd.h. */
class SystemCallTest {

    private static String numbers(Architecture architecture) {
        StringBuilder text = new StringBuilder();
        for (SystemCall call : SystemCall.values()) {
            text.append(call.name().toLowerCase(java.util.Locale.ROOT))
                    .append(' ')
                    .append(call.number(architecture))
                    .append(' ');
        }
        return text.toString().strip();
    }

    @Test
    void numbersOfX86AreThoseOfItsTable() {
        assertEquals(
                """
                read 0 write 1 close 3 mmap 9 mprotect 10
                munmap 11 ioctl 16 pread64 17 pwrite64 18 msync 26
                mremap 25 madvise 28 getpid 39 socket 41 connect 42
                sendto 44 recvfrom 45 sendmsg 46 recvmsg 47 bind 49
                listen 50 socketpair 53 setsockopt 54 getsockopt 55 clone 56
                execve 59 wait4 61 uname 63 fcntl 72 ftruncate 77
                getuid 102 capget 125 munlock 150 prctl 157 exit_group 231
                epoll_ctl 233 openat 257 ppoll 271 epoll_pwait 281 fallocate 285
                accept4 288 eventfd2 290 epoll_create1 291 dup3 292 pipe2 293
                process_vm_readv 310 process_vm_writev 311 memfd_create 319 userfaultfd 323 mlock2 325
                statx 332 pidfd_send_signal 424 pidfd_open 434 close_range 436 pidfd_getfd 438\
                """,
                numbers(Architecture.X86_64).replaceAll("((\\S+ ){9}\\S+) ", "$1\n"));
    }

    @Test
    void numbersOfArmAreThoseOfTheGenericTable() {
        assertEquals(
                """
                read 63 write 64 close 57 mmap 222 mprotect 226
                munmap 215 ioctl 29 pread64 67 pwrite64 68 msync 227
                mremap 216 madvise 233 getpid 172 socket 198 connect 203
                sendto 206 recvfrom 207 sendmsg 211 recvmsg 212 bind 200
                listen 201 socketpair 199 setsockopt 208 getsockopt 209 clone 220
                execve 221 wait4 260 uname 160 fcntl 25 ftruncate 46
                getuid 174 capget 90 munlock 229 prctl 167 exit_group 94
                epoll_ctl 21 openat 56 ppoll 73 epoll_pwait 22 fallocate 47
                accept4 242 eventfd2 19 epoll_create1 20 dup3 24 pipe2 59
                process_vm_readv 270 process_vm_writev 271 memfd_create 279 userfaultfd 282 mlock2 284
                statx 291 pidfd_send_signal 424 pidfd_open 434 close_range 436 pidfd_getfd 438\
                """,
                numbers(Architecture.AARCH64).replaceAll("((\\S+ ){9}\\S+) ", "$1\n"));
    }

    @Test
    void onlyLinuxOnTwoArchitecturesIsKnown() {
        assertEquals(Optional.of(Architecture.X86_64), Architecture.of("Linux", "amd64"));
        assertEquals(Optional.of(Architecture.AARCH64), Architecture.of("Linux", "aarch64"));
        assertEquals(Optional.empty(), Architecture.of("Mac OS X", "aarch64"));
        assertEquals(Optional.empty(), Architecture.of("Linux", "riscv64"));
    }

    @Test
    void errorsAreNegativeNumbersOfTheKernel() {
        Architecture.host()
                .map(SystemCalls::new)
                .ifPresent(kernel ->
                        assertEquals(
                                "-9 EBADF",
                                kernel.call(SystemCall.CLOSE, -1, 0, 0)
                                        + " "
                                        + KernelErrors.name(-9)));
    }
}
