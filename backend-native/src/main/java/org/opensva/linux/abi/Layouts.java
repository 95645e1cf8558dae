package org.opensva.linux.abi;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.StructLayout;

/** Structures that travel between this module and the kernel; each names its UAPI header. */
public final class Layouts {

    /** {@code struct iovec}, {@code include/uapi/linux/uio.h}. */
    public static final StructLayout IOVEC =
            MemoryLayout.structLayout(ADDRESS.withName("base"), JAVA_LONG.withName("len"));

    /** {@code struct user_msghdr}, {@code include/linux/socket.h}. */
    public static final StructLayout MSGHDR =
            MemoryLayout.structLayout(
                    ADDRESS.withName("name"),
                    JAVA_INT.withName("namelen"),
                    MemoryLayout.paddingLayout(4),
                    ADDRESS.withName("iov"),
                    JAVA_LONG.withName("iovlen"),
                    ADDRESS.withName("control"),
                    JAVA_LONG.withName("controllen"),
                    JAVA_INT.withName("flags"),
                    MemoryLayout.paddingLayout(4));

    /** {@code struct cmsghdr} with one descriptor, {@code include/linux/socket.h}. */
    public static final StructLayout RIGHTS =
            MemoryLayout.structLayout(
                    JAVA_LONG.withName("len"),
                    JAVA_INT.withName("level"),
                    JAVA_INT.withName("type"),
                    JAVA_INT.withName("fd"),
                    MemoryLayout.paddingLayout(4));

    /** {@code struct pollfd}, {@code include/uapi/asm-generic/poll.h}. */
    public static final StructLayout POLLFD =
            MemoryLayout.structLayout(
                    JAVA_INT.withName("fd"),
                    JAVA_SHORT.withName("events"),
                    JAVA_SHORT.withName("revents"));

    /** {@code struct __kernel_timespec}, {@code include/uapi/linux/time_types.h}. */
    public static final StructLayout TIMESPEC =
            MemoryLayout.structLayout(JAVA_LONG.withName("sec"), JAVA_LONG.withName("nsec"));

    /** {@code struct ucred}, {@code include/linux/socket.h}. */
    public static final StructLayout UCRED =
            MemoryLayout.structLayout(
                    JAVA_INT.withName("pid"), JAVA_INT.withName("uid"), JAVA_INT.withName("gid"));

    /** {@code struct uffdio_api}, {@code include/uapi/linux/userfaultfd.h}. */
    public static final StructLayout UFFDIO_API =
            MemoryLayout.structLayout(
                    JAVA_LONG.withName("api"),
                    JAVA_LONG.withName("features"),
                    JAVA_LONG.withName("ioctls"));

    /** {@code struct uffdio_register}, {@code include/uapi/linux/userfaultfd.h}. */
    public static final StructLayout UFFDIO_REGISTER =
            MemoryLayout.structLayout(
                    JAVA_LONG.withName("start"),
                    JAVA_LONG.withName("len"),
                    JAVA_LONG.withName("mode"),
                    JAVA_LONG.withName("ioctls"));

    /**
     * {@code struct uffd_msg}, {@code include/uapi/linux/userfaultfd.h}: the arguments of {@code
     * EVENT_REMAP} are from, to and len; of {@code EVENT_REMOVE} and {@code EVENT_UNMAP} start and
     * end.
     */
    public static final StructLayout UFFD_MSG =
            MemoryLayout.structLayout(
                    JAVA_BYTE.withName("event"),
                    MemoryLayout.paddingLayout(7),
                    JAVA_LONG.withName("arg0"),
                    JAVA_LONG.withName("arg1"),
                    JAVA_LONG.withName("arg2"));

    /** {@code struct procmap_query}, {@code include/uapi/linux/fs.h}, since Linux 6.11. */
    public static final StructLayout PROCMAP_QUERY =
            MemoryLayout.structLayout(
                    JAVA_LONG.withName("size"),
                    JAVA_LONG.withName("query_flags"),
                    JAVA_LONG.withName("query_addr"),
                    JAVA_LONG.withName("vma_start"),
                    JAVA_LONG.withName("vma_end"),
                    JAVA_LONG.withName("vma_flags"),
                    JAVA_LONG.withName("vma_page_size"),
                    JAVA_LONG.withName("vma_offset"),
                    JAVA_LONG.withName("inode"),
                    JAVA_INT.withName("dev_major"),
                    JAVA_INT.withName("dev_minor"),
                    JAVA_INT.withName("vma_name_size"),
                    JAVA_INT.withName("build_id_size"),
                    JAVA_LONG.withName("vma_name_addr"),
                    JAVA_LONG.withName("build_id_addr"));

    private Layouts() {}

    /**
     * Where a member is.
     *
     * @param structure one of these
     * @param member its name
     * @return offset in bytes
     */
    public static long offset(StructLayout structure, String member) {
        return structure.byteOffset(PathElement.groupElement(member));
    }
}
