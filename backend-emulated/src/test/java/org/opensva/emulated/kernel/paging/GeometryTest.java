package org.opensva.emulated.kernel.paging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.opensva.api.memory.PageSize;

class GeometryTest {

    @Test
    void levelsFollowFromTheGranule() {
        Geometry small = PagingMode.ARM64_4K.geometry();
        assertEquals(0, small.firstLevel());
        assertEquals(39, small.levelShift(0));
        assertEquals(12, small.levelShift(3));
        assertEquals(2L << 20, small.hugeBytes());
        Geometry middle = PagingMode.ARM64_16K.geometry();
        assertEquals(0, middle.firstLevel());
        assertEquals(47, middle.levelShift(0));
        assertEquals(32L << 20, middle.hugeBytes());
        Geometry large = PagingMode.ARM64_64K.geometry();
        assertEquals(1, large.firstLevel());
        assertEquals(42, large.levelShift(1));
        assertEquals(512L << 20, large.hugeBytes());
        assertEquals(8 * 511, small.entryOffset(0x0000_FFFF_FFFF_F000L, 3));
        assertEquals(8 * 8191, large.entryOffset(0x0000_FFFF_FFFF_F000L, 3));
    }

    @Test
    void x86HasFourOrFiveLevelsAndProcessesTheLowerHalf() {
        Geometry four = PagingMode.X86_64_4LEVEL.geometry();
        assertEquals(0, four.firstLevel());
        assertEquals(0x7FFF_FFFF_F000L, four.limit());
        Geometry five = PagingMode.X86_64_5LEVEL.geometry();
        assertEquals(-1, five.firstLevel());
        assertEquals(48, five.levelShift(-1));
        assertEquals(0xFF_FFFF_FFFF_F000L, five.limit());
        assertEquals(8 * 255, five.entryOffset(five.limit(), -1));
    }

    @ParameterizedTest
    @EnumSource(PagingMode.class)
    void theTopLevelTableCoversEveryAddressOfAProcess(PagingMode mode) {
        Geometry geometry = mode.geometry();
        long last = geometry.limit() - 1;
        int first = geometry.firstLevel();
        assertEquals(0, last >>> geometry.levelShift(first) >>> geometry.pageShift() - 3);
        assertTrue(last >>> geometry.levelShift(first) > 0, "no level too many");
    }

    @Test
    void partsThatDoNotFitAreRefused() {
        PageSize granule = PageSize.SIZE_64K;
        assertThrows(IllegalArgumentException.class, () -> new Geometry(granule, 58, 1L << 48));
        assertThrows(IllegalArgumentException.class, () -> new Geometry(granule, 48, 1L << 49));
        assertThrows(IllegalArgumentException.class, () -> new Geometry(granule, 48, 4096));
    }
}
