package org.opensva.linux.mm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.opensva.api.memory.Access;
import org.opensva.linux.abi.Architecture;
import org.opensva.linux.abi.Descriptor;
import org.opensva.linux.abi.SystemCall;
import org.opensva.linux.abi.SystemCalls;

import java.lang.foreign.Arena;

/** Looking mappings up, by either way. */
@EnabledOnOs(value = OS.LINUX, disabledReason = "this is about Linux")
class MappingsTest {

    @Test
    void aLineIsTakenApart() {
        assertEquals(
                new Mapping(
                        0x7f0000000000L,
                        0x7f0000002000L,
                        Access.READ | Access.WRITE,
                        true,
                        0x1000,
                        0x0000_0001_0000_0005L,
                        1234),
                Mappings.parse(
                        "7f0000000000-7f0000002000 rw-s 00001000 01:05 1234   /memfd:a b"
                                + " (deleted)"));
        assertEquals(
                new Mapping(0x1000, 0x2000, Access.READ | Access.EXECUTE, false, 0, 0, 0),
                Mappings.parse("1000-2000 r-xp 00000000 00:00 0"));
    }

    @Test
    void whatIsNoLineIsNone() {
        for (String line :
                new String[] {"", "x", "1-2 r 0 0:0 0", "z-2 r--p 0 0:0 0", "1 r--p 0 0 0"}) {
            assertNull(Mappings.parse(line), line);
        }
    }

    @Test
    void bothWaysFindTheSame() {
        SystemCalls kernel = new SystemCalls(Architecture.host().orElseThrow());
        if (!Mappings.canQuery(kernel)) {
            return;
        }
        try (Arena arena = Arena.ofConfined();
                Descriptor maps =
                        Descriptor.of(
                                kernel,
                                kernel.call(
                                        SystemCall.OPENAT,
                                        -100,
                                        arena.allocateFrom("/proc/self/maps").address(),
                                        0x80000),
                                "open")) {
            long page = kernel.call(SystemCall.MMAP, 0, 1 << 16, 1, 0x22, -1, 0);
            Mapping byQuery = new Mappings(kernel, maps, true).find(page + 5);
            Mapping byText = new Mappings(kernel, maps, false).find(page + 5);
            assertNotNull(byQuery);
            assertEquals(byQuery, byText);
            assertEquals(Access.READ, byQuery.access());
            kernel.call(SystemCall.MUNMAP, page, 1 << 16, 0);
            assertNull(new Mappings(kernel, maps, true).find(8));
            assertNull(new Mappings(kernel, maps, false).find(8));
            assertNull(new Mappings(kernel, maps, true).find(-8));
        }
    }
}
