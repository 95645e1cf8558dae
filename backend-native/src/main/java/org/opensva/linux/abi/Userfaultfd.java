package org.opensva.linux.abi;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The numbers of userfaultfd, {@code include/uapi/linux/userfaultfd.h} and {@code
 * include/uapi/asm-generic/fcntl.h}.
 */
public final class Userfaultfd {

    /** {@code UFFD_API}. */
    public static final long API = 0xAA;

    /** {@code _IOWR(UFFDIO, _UFFDIO_API, struct uffdio_api)}. */
    public static final long IOCTL_API = 0xc018_aa3fL;

    /** {@code _IOWR(UFFDIO, _UFFDIO_REGISTER, struct uffdio_register)}. */
    public static final long IOCTL_REGISTER = 0xc020_aa00L;

    /** {@code _IO(USERFAULTFD_IOC, 0x00)}, of {@code /dev/userfaultfd}. */
    public static final long IOCTL_NEW = 0xaa00;

    /** {@code UFFD_USER_MODE_ONLY}. */
    public static final long USER_MODE_ONLY = 1;

    /** {@code O_NONBLOCK | O_CLOEXEC}: without the first, poll reports an error. */
    public static final long FLAGS = 0x80800;

    /** {@code UFFDIO_REGISTER_MODE_WP}. */
    public static final long MODE_WP = 2;

    /** {@code UFFD_FEATURE_EVENT_REMAP}. */
    public static final long FEATURE_REMAP = 1L << 2;

    /** {@code UFFD_FEATURE_EVENT_REMOVE}. */
    public static final long FEATURE_REMOVE = 1L << 3;

    /** {@code UFFD_FEATURE_EVENT_UNMAP}. */
    public static final long FEATURE_UNMAP = 1L << 6;

    /** {@code UFFD_FEATURE_WP_UNPOPULATED}. */
    public static final long FEATURE_WP_UNPOPULATED = 1L << 13;

    /** {@code UFFD_FEATURE_WP_ASYNC}. */
    public static final long FEATURE_WP_ASYNC = 1L << 15;

    /** Without these events nothing can be promised. */
    public static final long NEEDED = FEATURE_REMAP | FEATURE_REMOVE | FEATURE_UNMAP;

    /** {@code UFFD_EVENT_REMAP}. */
    public static final int EVENT_REMAP = 0x14;

    /** {@code UFFD_EVENT_REMOVE}. */
    public static final int EVENT_REMOVE = 0x15;

    /** {@code UFFD_EVENT_UNMAP}. */
    public static final int EVENT_UNMAP = 0x16;

    private Userfaultfd() {}

    /**
     * Agrees on the features of a new descriptor ({@code UFFDIO_API}); it can be done once.
     *
     * @param kernel where it is open
     * @param events a userfaultfd
     * @param features what is asked for; with 0 no event is ever reported
     * @return what the kernel offers, or a negative error number
     */
    public static long configure(SystemCalls kernel, Descriptor events, long features) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment api = arena.allocate(Layouts.UFFDIO_API);
            api.set(JAVA_LONG, 0, API);
            api.set(JAVA_LONG, 8, features);
            long result = kernel.call(SystemCall.IOCTL, events.number(), IOCTL_API, api.address());
            return result < 0 ? result : api.get(JAVA_LONG, 8);
        }
    }

    /**
     * Makes a range report its changes ({@code UFFDIO_REGISTER} for write protection, of which none
     * is ever made).
     *
     * @param kernel where it is open
     * @param events a configured userfaultfd
     * @param start first address, in the address space that opened the descriptor
     * @param length bytes
     * @return 0, or a negative error number
     */
    public static long register(SystemCalls kernel, Descriptor events, long start, long length) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment range = arena.allocate(Layouts.UFFDIO_REGISTER);
            range.set(JAVA_LONG, 0, start);
            range.set(JAVA_LONG, 8, length);
            range.set(JAVA_LONG, 16, MODE_WP);
            return kernel.call(SystemCall.IOCTL, events.number(), IOCTL_REGISTER, range.address());
        }
    }
}
