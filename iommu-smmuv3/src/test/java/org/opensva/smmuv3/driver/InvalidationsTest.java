package org.opensva.smmuv3.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.opensva.api.memory.AddressRange;
import org.opensva.smmuv3.layout.Command;
import org.opensva.smmuv3.layout.Granule;
import org.opensva.smmuv3.layout.Opcode;
import org.opensva.smmuv3.layout.TlbRange;

import java.util.BitSet;
import java.util.SplittableRandom;

class InvalidationsTest {

    private static final int ASID = 7;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theCommandsOfARangeCoverEveryPageItTouchesAndNoOther(boolean rangeCommands) {
        SplittableRandom random = new SplittableRandom(20261122);
        Invalidations invalidations = new Invalidations(rangeCommands);
        for (int round = 0; round < 2_000; round++) {
            long start = random.nextLong(0, 4096L * 4096);
            long length = random.nextLong(1, 600L * 4096);
            AddressRange range = AddressRange.of(start, length);
            CommandBatch batch = new CommandBatch();
            invalidations.range(batch, ASID, range, Granule.K4);
            if (rangeCommands) {
                int bits = Integer.SIZE - Integer.numberOfLeadingZeros(pages(batch).cardinality());
                assertTrue(batch.count() <= (bits + 4) / 5, "NUM has five bits");
            }
            BitSet expected = new BitSet();
            expected.set((int) (start >>> 12), (int) ((start + length - 1 >>> 12) + 1));
            assertEquals(expected, pages(batch), range::toString);
        }
    }

    @ParameterizedTest
    @EnumSource(Granule.class)
    void anAddressInTheMiddleOfAGranuleStandsForAllOfIt(Granule granule) {
        CommandBatch batch = new CommandBatch();
        long middle = 5 * granule.bytes() + granule.bytes() / 2;
        long end = 7 * granule.bytes() + 1;
        new Invalidations(true).range(batch, ASID, new AddressRange(middle, end), granule);
        long covered = 0;
        for (int i = 0; i < batch.count(); i++) {
            long w0 = batch.words()[2 * i];
            long w1 = batch.words()[2 * i + 1];
            long expected = (5 + covered) * granule.bytes();
            assertEquals(expected, Command.ADDRESS.address(w1));
            boolean one = Command.TG.get(w1) == 0;
            covered +=
                    one
                            ? 1
                            : TlbRange.granules(
                                    (int) Command.NUM.get(w0), (int) Command.SCALE.get(w0));
        }
        assertEquals(3, covered);
    }

    /** The smallest span there is: half of it would leave out an end. */
    @Test
    void anAtcRangeIsNoGreaterThanItsEndsNeed() {
        SplittableRandom random = new SplittableRandom(20261123);
        for (int round = 0; round < 10_000; round++) {
            long start = random.nextLong(0, 1L << random.nextInt(1, 48));
            start &= random.nextBoolean() ? -4096L : -1L;
            long length = random.nextLong(1, 1L << random.nextInt(1, 47));
            length = random.nextBoolean() ? length + 4095 & -4096L : length;
            CommandBatch batch = new CommandBatch();
            AddressRange range = AddressRange.of(start, length);
            Invalidations.atcRange(batch, 1, 5, range);
            long w1 = batch.words()[1];
            int size = (int) Command.ATC_SIZE.get(w1);
            long first = Command.ADDRESS.address(w1) >>> 12;
            assertEquals(first, start >>> 12 + size << size, range::toString);
            assertEquals(first, start + length - 1 >>> 12 + size << size, range::toString);
            if (size > 0) {
                long half = 12 + size - 1;
                assertNotEquals(start >>> half, start + length - 1 >>> half, range::toString);
            }
        }
    }

    @Test
    void aMillionPagesAreFlushedWithTheirTagAlsoWithRangeCommands() {
        Invalidations invalidations = new Invalidations(true);
        long pages = 1 << 20;
        assertFalse(invalidations.collapses(AddressRange.of(0, (pages - 1) << 12), Granule.K4));
        assertTrue(invalidations.collapses(AddressRange.of(0, pages << 12), Granule.K4));
    }

    private static BitSet pages(CommandBatch batch) {
        BitSet pages = new BitSet();
        for (int i = 0; i < batch.count(); i++) {
            long w0 = batch.words()[2 * i];
            long w1 = batch.words()[2 * i + 1];
            assertEquals(Opcode.TLBI_NH_VA, Opcode.of(Command.opcode(w0)));
            assertEquals(ASID, Command.asid(w0));
            assertFalse(Command.LEAF.isSet(w1), "tables may have been freed too");
            assertEquals(0, Command.TTL.get(w1));
            int tg = (int) Command.TG.get(w1);
            int num = (int) Command.NUM.get(w0);
            int scale = (int) Command.SCALE.get(w0);
            assertFalse(TlbRange.reserved(tg, num, scale, 0), "an illegal command");
            int first = (int) (Command.ADDRESS.address(w1) >>> 12);
            int count = tg == 0 ? 1 : (int) TlbRange.granules(num, scale);
            pages.set(first, first + count);
        }
        return pages;
    }

    @Test
    void aRangeOfAsManyPagesAsATableHasEntriesIsFlushedWithItsTagWhereThereAreNoRangeCommands() {
        Invalidations invalidations = new Invalidations(false);
        assertFalse(invalidations.collapses(AddressRange.of(0, 511 * 4096), Granule.K4));
        assertTrue(invalidations.collapses(AddressRange.of(0, 512 * 4096), Granule.K4));
        assertTrue(invalidations.collapses(AddressRange.WHOLE, Granule.K4));
    }

    @Test
    void theWholeAddressSpaceNeverWrapsToNothing() {
        assertTrue(new Invalidations(true).collapses(AddressRange.WHOLE, Granule.K4));
        CommandBatch batch = new CommandBatch();
        Invalidations.atcRange(batch, 1, 5, AddressRange.WHOLE);
        assertEquals(0, Command.atcFirst(batch.words()[1]));
        assertEquals(Command.ATC_SIZE_ALL, Command.ATC_SIZE.get(batch.words()[1]));
    }

    @ParameterizedTest
    @CsvSource({"7,10,0,4", "8,11,8,2", "5,5,5,0", "0,1,0,1", "15,16,0,5", "1,2,0,2"})
    void anAtcRangeIsAnAlignedPowerOfTwoThatCoversBothEnds(
            long firstPage, long lastPage, long expectedStart, int expectedLog2) {
        CommandBatch batch = new CommandBatch();
        Invalidations.atcRange(
                batch, 9, 5, new AddressRange(firstPage << 12, (lastPage << 12) + 1));
        long w0 = batch.words()[0];
        long w1 = batch.words()[1];
        assertEquals(9, Command.streamId(w0));
        assertTrue(Command.ssv(w0));
        assertEquals(5, Command.substreamId(w0));
        assertEquals(expectedStart << 12, Command.ADDRESS.address(w1));
        assertEquals(expectedLog2, Command.ATC_SIZE.get(w1));
    }
}
