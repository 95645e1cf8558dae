package org.opensva.linux.abi;

/**
 * The system calls of this module, with their numbers on x86-64 ({@code
 * arch/x86/entry/syscalls/syscall_64.tbl}) and on 64-bit Arm ({@code
 * include/uapi/asm-generic/unistd.h}).
 */
public enum SystemCall {
    /** {@code read}. */
    READ(0, 63),
    /** {@code write}. */
    WRITE(1, 64),
    /** {@code close}. */
    CLOSE(3, 57),
    /** {@code mmap}. */
    MMAP(9, 222),
    /** {@code mprotect}. */
    MPROTECT(10, 226),
    /** {@code munmap}. */
    MUNMAP(11, 215),
    /** {@code ioctl}. */
    IOCTL(16, 29),
    /** {@code pread64}. */
    PREAD64(17, 67),
    /** {@code pwrite64}. */
    PWRITE64(18, 68),
    /** {@code msync}. */
    MSYNC(26, 227),
    /** {@code mremap}. */
    MREMAP(25, 216),
    /** {@code madvise}. */
    MADVISE(28, 233),
    /** {@code getpid}. */
    GETPID(39, 172),
    /** {@code socket}. */
    SOCKET(41, 198),
    /** {@code connect}. */
    CONNECT(42, 203),
    /** {@code sendto}. */
    SENDTO(44, 206),
    /** {@code recvfrom}. */
    RECVFROM(45, 207),
    /** {@code sendmsg}. */
    SENDMSG(46, 211),
    /** {@code recvmsg}. */
    RECVMSG(47, 212),
    /** {@code bind}. */
    BIND(49, 200),
    /** {@code listen}. */
    LISTEN(50, 201),
    /** {@code socketpair}. */
    SOCKETPAIR(53, 199),
    /** {@code setsockopt}. */
    SETSOCKOPT(54, 208),
    /** {@code getsockopt}. */
    GETSOCKOPT(55, 209),
    /** {@code clone}. */
    CLONE(56, 220),
    /** {@code execve}. */
    EXECVE(59, 221),
    /** {@code wait4}. */
    WAIT4(61, 260),
    /** {@code uname}. */
    UNAME(63, 160),
    /** {@code fcntl}. */
    FCNTL(72, 25),
    /** {@code ftruncate}. */
    FTRUNCATE(77, 46),
    /** {@code getuid}. */
    GETUID(102, 174),
    /** {@code capget}. */
    CAPGET(125, 90),
    /** {@code munlock}. */
    MUNLOCK(150, 229),
    /** {@code prctl}. */
    PRCTL(157, 167),
    /** {@code exit_group}. */
    EXIT_GROUP(231, 94),
    /** {@code epoll_ctl}. */
    EPOLL_CTL(233, 21),
    /** {@code openat}. */
    OPENAT(257, 56),
    /** {@code ppoll}. */
    PPOLL(271, 73),
    /** {@code epoll_pwait}. */
    EPOLL_PWAIT(281, 22),
    /** {@code fallocate}. */
    FALLOCATE(285, 47),
    /** {@code accept4}. */
    ACCEPT4(288, 242),
    /** {@code eventfd2}. */
    EVENTFD2(290, 19),
    /** {@code epoll_create1}. */
    EPOLL_CREATE1(291, 20),
    /** {@code dup3}. */
    DUP3(292, 24),
    /** {@code pipe2}. */
    PIPE2(293, 59),
    /** {@code process_vm_readv}. */
    PROCESS_VM_READV(310, 270),
    /** {@code process_vm_writev}. */
    PROCESS_VM_WRITEV(311, 271),
    /** {@code memfd_create}. */
    MEMFD_CREATE(319, 279),
    /** {@code userfaultfd}. */
    USERFAULTFD(323, 282),
    /** {@code mlock2}. */
    MLOCK2(325, 284),
    /** {@code statx}. */
    STATX(332, 291),
    /** {@code pidfd_send_signal}. */
    PIDFD_SEND_SIGNAL(424, 424),
    /** {@code pidfd_open}. */
    PIDFD_OPEN(434, 434),
    /** {@code close_range}. */
    CLOSE_RANGE(436, 436),
    /** {@code pidfd_getfd}. */
    PIDFD_GETFD(438, 438);

    private final int x86;
    private final int arm;

    SystemCall(int x86, int arm) {
        this.x86 = x86;
        this.arm = arm;
    }

    /**
     * The number of the call.
     *
     * @param architecture where
     * @return 0 or more
     */
    public int number(Architecture architecture) {
        return switch (architecture) {
            case X86_64 -> x86;
            case AARCH64 -> arm;
        };
    }
}
