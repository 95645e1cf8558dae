package org.opensva.linux.abi;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

import java.lang.foreign.StructLayout;

/** Sizes and offsets as C compilers lay the UAPI structures out on both architectures. */
class LayoutsTest {

    private static void laidOut(StructLayout layout, long size, Object... members) {
        assertEquals(size, layout.byteSize());
        for (int i = 0; i < members.length; i += 2) {
            String name = (String) members[i];
            assertEquals((long) (Integer) members[i + 1], Layouts.offset(layout, name), name);
        }
    }

    @Test
    void messages() {
        laidOut(Layouts.IOVEC, 16, "base", 0, "len", 8);
        laidOut(
                Layouts.MSGHDR,
                56,
                "name",
                0,
                "namelen",
                8,
                "iov",
                16,
                "iovlen",
                24,
                "control",
                32,
                "controllen",
                40,
                "flags",
                48);
        laidOut(Layouts.RIGHTS, 24, "len", 0, "level", 8, "type", 12, "fd", 16);
        laidOut(Layouts.UCRED, 12, "pid", 0, "uid", 4, "gid", 8);
    }

    @Test
    void waiting() {
        laidOut(Layouts.POLLFD, 8, "fd", 0, "events", 4, "revents", 6);
        laidOut(Layouts.TIMESPEC, 16, "sec", 0, "nsec", 8);
    }

    @Test
    void memoryEvents() {
        laidOut(Layouts.UFFDIO_API, 24, "api", 0, "features", 8, "ioctls", 16);
        laidOut(Layouts.UFFDIO_REGISTER, 32, "start", 0, "len", 8, "mode", 16, "ioctls", 24);
        laidOut(Layouts.UFFD_MSG, 32, "event", 0, "arg0", 8, "arg1", 16, "arg2", 24);
    }

    @Test
    void mappings() {
        laidOut(
                Layouts.PROCMAP_QUERY,
                104,
                "size",
                0,
                "query_flags",
                8,
                "query_addr",
                16,
                "vma_start",
                24,
                "vma_end",
                32,
                "vma_flags",
                40,
                "vma_page_size",
                48,
                "vma_offset",
                56,
                "inode",
                64,
                "dev_major",
                72,
                "dev_minor",
                76,
                "vma_name_size",
                80,
                "build_id_size",
                84,
                "vma_name_addr",
                88,
                "build_id_addr",
                96);
    }
}
