package org.opensva.vtd.layout;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.opensva.vtd.layout.SpecificationBits.assertMatches;

import org.junit.jupiter.api.Test;

import java.util.Random;

final class InterruptRemappingTest {
    @Test
    void entriesStandAtTheBitsOfSections9Point10To9Point12() {
        assertMatches(
                RemappedInterruptEntry.STRUCTURE,
                """
                P 0 0
                FPD 1 1
                DM 2 2
                RH 3 3
                TM 4 4
                DLM 7 5
                AVAIL 11 8
                IM 15 15
                V 23 16
                DST 63 32
                ~DST_XAPIC 47 40
                SID 79 64
                SQ 81 80
                SVT 83 82
                """);
        assertMatches(
                PostedInterruptEntry.STRUCTURE,
                """
                P 0 0
                FPD 1 1
                AVAIL 11 8
                URG 14 14
                IM 15 15
                V 23 16
                PDAL 63 38
                SID 79 64
                SQ 81 80
                SVT 83 82
                PDAH 127 96
                """);
        assertMatches(
                PostedInterruptDescriptor.STRUCTURE,
                """
                PIR_63_0 63 0
                PIR_127_64 127 64
                PIR_191_128 191 128
                PIR_255_192 255 192
                ON 256 256
                SN 257 257
                NV 279 272
                NDST 319 288
                """);
    }

    @Test
    void messagesStandAtTheBitsOfSection5Point1Point2() {
        assertMatches(
                InterruptMessage.RemappableAddress.STRUCTURE,
                "Handle_15 2 2\nSHV 3 3\nFormat 4 4\nHandle_14_0 19 5\nBase 31 20");
        assertMatches(InterruptMessage.RemappableData.STRUCTURE, "Subhandle 15 0");
        assertMatches(
                InterruptMessage.CompatibilityAddress.STRUCTURE,
                "DM 2 2\nRH 3 3\nFormat 4 4\nDST 19 12\nBase 31 20");
        assertMatches(
                InterruptMessage.CompatibilityData.STRUCTURE,
                "V 7 0\nDLM 10 8\nLevel 14 14\nTM 15 15");
    }

    @Test
    void reservedBitsOfEntriesAreThoseBetweenTheirFields() {
        assertEquals(0x0000_0000_ff00_7000L, RemappedInterruptEntry.reservedBits0(true));
        assertEquals(0xffff_00ff_ff00_7000L, RemappedInterruptEntry.reservedBits0(false));
        assertEquals(0xffff_ffff_fff0_0000L, RemappedInterruptEntry.reservedBits1());
        assertEquals(
                ~RemappedInterruptEntry.STRUCTURE.definedBits(0),
                RemappedInterruptEntry.reservedBits0(true));
        assertEquals(
                ~RemappedInterruptEntry.STRUCTURE.definedBits(1),
                RemappedInterruptEntry.reservedBits1());
        for (int word = 0; word < 2; word++) {
            assertEquals(
                    ~PostedInterruptEntry.STRUCTURE.definedBits(word),
                    PostedInterruptEntry.reservedBits(word));
        }
    }

    @Test
    void anIndexIsTheHandleAndWithShvTheSubhandleMore() {
        for (int handle = 0; handle < 0x10000; handle += 7) {
            long plain = InterruptMessage.remappableAddress(handle, false);
            long shv = InterruptMessage.remappableAddress(handle, true);
            long expected = 0xfee0_0010L | (handle & 0x7fffL) << 5 | (handle >> 15) << 2;
            assertEquals(expected, plain);
            assertEquals(expected | 8, shv);
            assertEquals(handle, InterruptMessage.index(plain, 0xffff));
            assertEquals(handle + 0xffff, InterruptMessage.index(shv, 0xffff));
            assertEquals(handle, InterruptMessage.index(shv, 0xffff_0000));
            assertTrue(InterruptMessage.isRemappable(plain));
            assertTrue(InterruptMessage.isInterrupt(shv));
        }
    }

    @Test
    void theInterruptRangeIsOneMegabyteBelow4Gigabytes() {
        assertFalse(InterruptMessage.isInterrupt(0xfedf_ffffL));
        assertTrue(InterruptMessage.isInterrupt(0xfee0_0000L));
        assertTrue(InterruptMessage.isInterrupt(0xfeef_ffffL));
        assertFalse(InterruptMessage.isInterrupt(0xfef0_0000L));
        assertFalse(InterruptMessage.isInterrupt(0x1_fee0_0000L));
        assertFalse(InterruptMessage.isInterrupt(0xffff_ffff_fee0_0000L));
        assertEquals(0xfeea_b004L | 8, InterruptMessage.compatibilityAddress(0xab, true, true));
        assertFalse(
                InterruptMessage.isRemappable(
                        InterruptMessage.compatibilityAddress(0xff, true, true)));
    }

    @Test
    void entriesAreReadBack() {
        Random random = new Random(0x910);
        for (int round = 0; round < 1000; round++) {
            int vector = random.nextInt(256);
            int destination = random.nextInt();
            int sid = random.nextInt(1 << 16);
            int sq = random.nextInt(4);
            int svt = random.nextInt(4);
            long[] entry =
                    new EntryEncoder(RemappedInterruptEntry.WORDS)
                            .set(RemappedInterruptEntry.P, true)
                            .set(RemappedInterruptEntry.V, vector)
                            .set(RemappedInterruptEntry.DST, destination & 0xffff_ffffL)
                            .set(RemappedInterruptEntry.SID, sid)
                            .set(RemappedInterruptEntry.SQ, sq)
                            .set(RemappedInterruptEntry.SVT, svt)
                            .words();
            assertEquals(1 | (long) vector << 16 | (long) destination << 32, entry[0]);
            assertEquals(sid | (long) sq << 16 | (long) svt << 18, entry[1]);
            assertTrue(RemappedInterruptEntry.present(entry[0]));
            assertFalse(RemappedInterruptEntry.faultsDisabled(entry[0]));
            assertFalse(RemappedInterruptEntry.posted(entry[0]));
            assertEquals(vector, RemappedInterruptEntry.vector(entry[0]));
            assertEquals(destination, RemappedInterruptEntry.destination(entry[0], true));
            assertEquals(
                    destination >>> 8 & 0xff, RemappedInterruptEntry.destination(entry[0], false));
            assertEquals(svt, RemappedInterruptEntry.validation(entry[1]));
            assertEquals(sid, RemappedInterruptEntry.sourceId(entry[1]));
            assertEquals(sid >> 8, RemappedInterruptEntry.startBus(entry[1]));
            assertEquals(sid & 0xff, RemappedInterruptEntry.endBus(entry[1]));
            assertEquals(FunctionMask.compared(sq), RemappedInterruptEntry.comparedBits(entry[1]));

            long descriptor = random.nextLong() & -64;
            long low = PostedInterruptEntry.placeLow(descriptor) | 0x8001;
            long high = PostedInterruptEntry.placeHigh(descriptor) | sid;
            assertEquals((descriptor & 0xffff_ffffL) << 32 | 0x8001, low);
            assertEquals(descriptor & 0xffff_ffff_0000_0000L | sid, high);
            assertTrue(RemappedInterruptEntry.posted(low));
            assertEquals(descriptor, PostedInterruptEntry.descriptor(low, high));
        }
        assertEquals(0xffff0, RemappedInterruptEntry.offset(0xffff));
    }

    @Test
    void everyVectorHasItsRequestBit() {
        for (int vector = 0; vector < 256; vector++) {
            assertEquals(vector / 64, PostedInterruptDescriptor.requestWord(vector));
            assertEquals(1L << vector % 64, PostedInterruptDescriptor.requestBit(vector));
        }
    }
}
