package org.opensva.linux.mm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import org.jspecify.annotations.Nullable;
import org.opensva.api.memory.Access;
import org.opensva.linux.abi.Descriptor;
import org.opensva.linux.abi.KernelErrors;
import org.opensva.linux.abi.Layouts;
import org.opensva.linux.abi.SystemCall;
import org.opensva.linux.abi.SystemCalls;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/**
 * Looks mappings up through a descriptor of {@code /proc/PID/maps}: by the {@code PROCMAP_QUERY}
 * ioctl (Linux 6.11, {@code fs/proc/task_mmu.c}), or by reading the text where there is none.
 * Either way the descriptor names the address space, not the process: after exec nothing is found.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class Mappings {

    /** {@code _IOWR(PROCFS_IOCTL_MAGIC, 17, struct procmap_query)}. */
    static final long PROCMAP_QUERY = 0xc068_6611L;

    private static final int VMA_READABLE = 1;
    private static final int VMA_WRITABLE = 2;
    private static final int VMA_EXECUTABLE = 4;
    private static final int VMA_SHARED = 8;
    private static final int CHUNK = 1 << 16;

    private final SystemCalls kernel;
    private final Descriptor maps;
    private final boolean query;
    private final ThreadLocal<MemorySegment> queries =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(Layouts.PROCMAP_QUERY));

    /**
     * Looks into an address space.
     *
     * @param kernel the kernel
     * @param maps a descriptor of {@code /proc/PID/maps}, owned by the caller
     * @param query true if the kernel has {@code PROCMAP_QUERY}
     */
    public Mappings(SystemCalls kernel, Descriptor maps, boolean query) {
        this.kernel = kernel;
        this.maps = maps;
        this.query = query;
    }

    /**
     * Tells whether the kernel answers {@code PROCMAP_QUERY}, by asking it about this Java machine.
     *
     * @param kernel the kernel
     * @return true since Linux 6.11
     */
    public static boolean canQuery(SystemCalls kernel) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment path = arena.allocateFrom("/proc/self/maps");
            long opened = kernel.call(SystemCall.OPENAT, -100, path.address(), 0x80000);
            if (opened < 0) {
                return false;
            }
            try (Descriptor self = new Descriptor(kernel, opened)) {
                return new Mappings(kernel, self, true).query(path.address()) != null;
            }
        }
    }

    /**
     * Finds the mapping of an address.
     *
     * @param address a virtual address
     * @return the mapping that contains it, or null if there is none or the address space is gone
     */
    public @Nullable Mapping find(long address) {
        if (address < 0) {
            return null; // The kernel's half, or not canonical.
        }
        return query ? query(address) : read(address);
    }

    private @Nullable Mapping query(long address) {
        MemorySegment q = queries.get();
        q.fill((byte) 0);
        q.set(JAVA_LONG, 0, Layouts.PROCMAP_QUERY.byteSize());
        q.set(JAVA_LONG, 16, address);
        if (kernel.call(SystemCall.IOCTL, maps.number(), PROCMAP_QUERY, q.address()) < 0) {
            return null;
        }
        long flags = q.get(JAVA_LONG, 40);
        int access = (flags & VMA_READABLE) != 0 ? Access.READ : 0;
        access |= (flags & VMA_WRITABLE) != 0 ? Access.WRITE : 0;
        access |= (flags & VMA_EXECUTABLE) != 0 ? Access.EXECUTE : 0;
        return new Mapping(
                q.get(JAVA_LONG, 24),
                q.get(JAVA_LONG, 32),
                access,
                (flags & VMA_SHARED) != 0,
                q.get(JAVA_LONG, 56),
                device(q.get(JAVA_INT, 72), q.get(JAVA_INT, 76)),
                q.get(JAVA_LONG, 64));
    }

    static long device(long major, long minor) {
        return major << 32 | minor;
    }

    private @Nullable Mapping read(long address) {
        String text = text();
        for (String line : text.lines().toList()) {
            Mapping mapping = parse(line);
            if (mapping != null
                    && Long.compareUnsigned(mapping.start(), address) <= 0
                    && Long.compareUnsigned(address, mapping.end()) < 0) {
                return mapping;
            }
        }
        return null;
    }

    /** Reads are of whole lines, from where the last one ended; the offset is the kernel's own. */
    private String text() {
        StringBuilder text = new StringBuilder();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment chunk = arena.allocate(CHUNK);
            long offset = 0;
            while (true) {
                long count =
                        kernel.call(
                                SystemCall.PREAD64,
                                maps.number(),
                                chunk.address(),
                                CHUNK,
                                offset,
                                0,
                                0);
                if (count == -KernelErrors.EINTR) {
                    continue;
                }
                if (count <= 0) {
                    return text.toString();
                }
                text.append(
                        new String(
                                chunk.asSlice(0, count).toArray(ValueLayout.JAVA_BYTE),
                                StandardCharsets.ISO_8859_1));
                offset += count;
            }
        }
    }

    /** One line of {@code /proc/PID/maps}, see proc_pid_maps(5); null if it is not one. */
    static @Nullable Mapping parse(String line) {
        String[] fields = line.split(" +", 6);
        if (fields.length < 5 || fields[1].length() != 4) {
            return null;
        }
        String[] range = fields[0].split("-", 2);
        String[] device = fields[3].split(":", 2);
        if (range.length != 2 || device.length != 2) {
            return null;
        }
        String rights = fields[1];
        int access = rights.charAt(0) == 'r' ? Access.READ : 0;
        access |= rights.charAt(1) == 'w' ? Access.WRITE : 0;
        access |= rights.charAt(2) == 'x' ? Access.EXECUTE : 0;
        try {
            return new Mapping(
                    Long.parseUnsignedLong(range[0], 16),
                    Long.parseUnsignedLong(range[1], 16),
                    access,
                    rights.charAt(3) == 's',
                    Long.parseUnsignedLong(fields[2], 16),
                    device(Long.parseLong(device[0], 16), Long.parseLong(device[1], 16)),
                    Long.parseUnsignedLong(fields[4]));
        } catch (NumberFormatException e) {
            return null;
        }
    }
}
