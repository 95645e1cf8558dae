package org.opensva.vtd.layout;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.opensva.vtd.layout.SpecificationBits.assertMatches;

import org.junit.jupiter.api.Test;

import java.util.Map;
import java.util.Random;

final class DescriptorTest {
    private static final String TYPE = "\nType_lo 3 0\nType_hi 11 9\n";
    private static final String RANGE = "AM 69 64\nIH 70 70\nADDR 127 76\n";

    @Test
    void typesAreThoseOfSection6Point5Point2() {
        Map<Integer, String> printed =
                Map.of(
                        1, "CONTEXT_CACHE",
                        2, "IOTLB",
                        3, "DEVICE_TLB",
                        4, "INTERRUPT_ENTRY_CACHE",
                        5, "WAIT",
                        6, "PASID_IOTLB",
                        7, "PASID_CACHE",
                        8, "PASID_DEVICE_TLB",
                        9, "PAGE_GROUP_RESPONSE");
        for (int code = -1; code < 129; code++) {
            DescriptorType type = DescriptorType.of(code);
            assertEquals(printed.get(code), type == null ? null : type.name());
        }
        for (DescriptorType type : DescriptorType.values()) {
            assertEquals(type, DescriptorType.of(type.code()));
        }
        assertNull(DescriptorType.of(0));
    }

    @Test
    void theTypeIsSplitOverTwoFields() {
        for (int code = 0; code < 128; code++) {
            long word = InvalidationDescriptor.placeType(code);
            assertEquals(code & 0xf | (code & 0x70) << 5, word);
            assertEquals(code, InvalidationDescriptor.type(word | ~0xe0fL));
        }
    }

    @Test
    void fieldsStandAtTheBitsOfTheirSections() {
        pin(DescriptorType.CONTEXT_CACHE, "G 5 4\nDID 31 16\nSID 47 32\nFM 49 48");
        pin(DescriptorType.IOTLB, "G 5 4\nDW 6 6\nDR 7 7\nDID 31 16\n" + RANGE);
        pin(
                DescriptorType.DEVICE_TLB,
                "PFSID_lo 15 12\nMIP 20 16\nSID 47 32\nPFSID_hi 63 52\nS 64 64\nADDR 127 76");
        pin(DescriptorType.INTERRUPT_ENTRY_CACHE, "G 4 4\nIM 31 27\nIIDX 47 32");
        pin(DescriptorType.WAIT, "IF 4 4\nSW 5 5\nFN 6 6\nPD 7 7\nSTDATA 63 32\nSTADDR 127 66");
        pin(DescriptorType.PASID_IOTLB, "G 5 4\nDID 31 16\nPASID 51 32\n" + RANGE);
        pin(DescriptorType.PASID_CACHE, "G 5 4\nDID 31 16\nPASID 51 32");
        pin(
                DescriptorType.PASID_DEVICE_TLB,
                """
                MIP 8 4
                PFSID_lo 15 12
                SID 31 16
                PASID 51 32
                PFSID_hi 63 52
                G 64 64
                S 75 75
                ADDR 127 76
                """);
        pin(
                DescriptorType.PAGE_GROUP_RESPONSE,
                """
                PP 4 4
                ~PDP 5 5
                RC 15 12
                RID 31 16
                PASID 51 32
                LPIG 66 66
                PRGI 75 67
                """);
    }

    private static void pin(DescriptorType type, String operands) {
        assertMatches(type.structure(), operands.strip() + TYPE);
    }

    @Test
    void reservedBitsAreThoseOfTheSourcesMasks() {
        reserved(DescriptorType.CONTEXT_CACHE, 0xfffc_0000_0000_f1c0L, -1L);
        reserved(DescriptorType.IOTLB, 0xffff_ffff_0000_f100L, 0xf80L);
        reserved(DescriptorType.DEVICE_TLB, 0x000f_0000_ffe0_01f0L, 0xffeL);
        reserved(DescriptorType.INTERRUPT_ENTRY_CACHE, 0xffff_0000_07ff_f1e0L, -1L);
        reserved(DescriptorType.WAIT, 0x0000_0000_ffff_f100L, 0x3L);
        reserved(DescriptorType.PASID_IOTLB, 0xfff0_0000_0000_f1c0L, 0xf80L);
        reserved(DescriptorType.PASID_CACHE, 0xfff0_0000_0000_f1c0L, -1L);
        reserved(DescriptorType.PASID_DEVICE_TLB, 0, 0x7feL);
        reserved(
                DescriptorType.PAGE_GROUP_RESPONSE, 0xfff0_0000_0000_01e0L, 0xffff_ffff_ffff_f003L);
    }

    private static void reserved(DescriptorType type, long word0, long word1) {
        assertEquals(word0, type.reservedBits(0), type::name);
        assertEquals(word1, type.reservedBits(1), type::name);
        assertEquals(-1L, type.reservedBits(2), type::name);
        assertEquals(-1L, type.reservedBits(3), type::name);
    }

    @Test
    void granularitiesHaveTheirNumbers() {
        assertArrayEquals(
                new int[] {1, 2, 3},
                new int[] {
                    InvalidationDescriptor.CC_GLOBAL,
                    InvalidationDescriptor.CC_DOMAIN,
                    InvalidationDescriptor.CC_DEVICE
                });
        assertArrayEquals(
                new int[] {1, 2, 3},
                new int[] {
                    InvalidationDescriptor.IOTLB_GLOBAL,
                    InvalidationDescriptor.IOTLB_DOMAIN,
                    InvalidationDescriptor.IOTLB_PAGE
                });
        assertArrayEquals(
                new int[] {0, 1, 3},
                new int[] {
                    InvalidationDescriptor.PC_DOMAIN,
                    InvalidationDescriptor.PC_PASID,
                    InvalidationDescriptor.PC_GLOBAL
                });
        assertArrayEquals(
                new int[] {2, 3},
                new int[] {
                    InvalidationDescriptor.PASID_IOTLB_PASID,
                    InvalidationDescriptor.PASID_IOTLB_PAGE
                });
        assertEquals(0, InvalidationDescriptor.IEC_GLOBAL);
        assertEquals(1, InvalidationDescriptor.IEC_INDEX);
        assertArrayEquals(
                new int[] {1, 2, 3},
                new int[] {
                    ControlRegisters.Ccmd.CIRG_GLOBAL,
                    ControlRegisters.Ccmd.CIRG_DOMAIN,
                    ControlRegisters.Ccmd.CIRG_DEVICE
                });
        assertArrayEquals(
                new int[] {1, 2, 3},
                new int[] {
                    IotlbRegisters.Iotlb.IIRG_GLOBAL,
                    IotlbRegisters.Iotlb.IIRG_DOMAIN,
                    IotlbRegisters.Iotlb.IIRG_PAGE
                });
        int[] compared = {0xffff, 0xfffb, 0xfff9, 0xfff8};
        for (int code = 0; code < 4; code++) {
            assertEquals(compared[code], FunctionMask.compared(code));
        }
    }

    @Test
    void encodedDescriptorsAreThoseOfTheSourcesShifts() {
        Random random = new Random(0x652);
        long[] queue = new long[4];
        for (int round = 0; round < 2000; round++) {
            long did = random.nextInt(1 << 16);
            long sid = random.nextInt(1 << 16);
            long pfsid = random.nextInt(1 << 16);
            long pasid = random.nextInt(1 << 20);
            long address = random.nextLong() & -1L << 12;
            int granularity = random.nextInt(4);
            int small = random.nextInt(32);
            boolean a = random.nextBoolean();
            boolean b = random.nextBoolean();
            boolean c = random.nextBoolean();
            int mask = random.nextInt(64);

            DescriptorEncoder.contextCache(queue, 1, granularity, (int) did, (int) sid, 2);
            expect(queue, 1L | granularity << 4 | did << 16 | sid << 32 | 2L << 48, 0);

            DescriptorEncoder.iotlb(queue, 1, granularity, (int) did, a, b, address, mask, c);
            expect(
                    queue,
                    2L | granularity << 4 | did << 16 | (b ? 1 << 6 : 0) | (a ? 1 << 7 : 0),
                    address | mask | (c ? 1 << 6 : 0));
            assertEquals(granularity, InvalidationDescriptor.granularity(queue[1]));
            assertEquals(did, InvalidationDescriptor.domainId(queue[1]));

            DescriptorEncoder.pasidIotlb(
                    queue, 1, granularity, (int) did, (int) pasid, address, mask, c);
            expect(
                    queue,
                    6L | granularity << 4 | did << 16 | pasid << 32,
                    address | mask | (c ? 1 << 6 : 0));
            assertEquals(pasid, InvalidationDescriptor.pasid(queue[1]));

            DescriptorEncoder.pasidCache(queue, 1, granularity, (int) did, (int) pasid);
            expect(queue, 7L | granularity << 4 | did << 16 | pasid << 32, 0);

            DescriptorEncoder.deviceTlb(queue, 1, (int) sid, (int) pfsid, small, address, 0);
            expect(
                    queue,
                    3L | sid << 32 | (long) small << 16 | (pfsid & 0xf) << 12 | (pfsid >> 4) << 52,
                    address);
            assertEquals(pfsid, InvalidationDescriptor.pfsid(queue[1]));

            DescriptorEncoder.pasidDeviceTlb(
                    queue, 1, (int) sid, (int) pfsid, small, (int) pasid, a, address, 0);
            expect(
                    queue,
                    8L
                            | sid << 16
                            | (long) small << 4
                            | pasid << 32
                            | (pfsid & 0xf) << 12
                            | (pfsid >> 4) << 52,
                    address | (a ? 1 : 0));
            assertEquals(pfsid, InvalidationDescriptor.pfsid(queue[1]));

            DescriptorEncoder.interruptEntryCache(queue, 1, granularity & 1, (int) sid, small);
            expect(queue, 4L | (granularity & 1) << 4 | (long) small << 27 | sid << 32, 0);

            int data = random.nextInt();
            DescriptorEncoder.waitStatus(queue, 1, address | 0xffc, data, a, b, c);
            long flags = (a ? 1 << 4 : 0) | (b ? 1 << 6 : 0) | (c ? 1 << 7 : 0);
            expect(queue, 5L | 1 << 5 | flags | (long) data << 32, address | 0xffc);
            assertEquals(address | 0xffc, InvalidationDescriptor.statusAddress(queue[2]));
            assertEquals(data, InvalidationDescriptor.statusData(queue[1]));

            DescriptorEncoder.waitInterrupt(queue, 1, a, b, c);
            expect(queue, 5L | flags, 0);

            int group = random.nextInt(512);
            DescriptorEncoder.pageGroupResponse(
                    queue, 1, (int) sid, a, (int) pasid, group, b, granularity);
            expect(
                    queue,
                    9L | (a ? 1 << 4 : 0) | (long) granularity << 12 | sid << 16 | pasid << 32,
                    (long) group << 3 | (b ? 1 << 2 : 0));
        }
    }

    private static void expect(long[] queue, long word0, long word1) {
        assertArrayEquals(new long[] {0, word0, word1, 0}, queue);
        DescriptorType type = DescriptorType.of(InvalidationDescriptor.type(word0));
        assertNotNull(type);
        assertEquals(0, word0 & type.reservedBits(0), type::name);
        assertEquals(0, word1 & type.reservedBits(1), type::name);
    }

    @Test
    void anAddressMaskSpansAlignedPagesAndIgnoresTheBitsBelow() {
        for (int am = 0; am < 64; am++) {
            long word = 0x1234_5678_9abc_d000L | am;
            long first = InvalidationDescriptor.firstAddress(word);
            long last = InvalidationDescriptor.lastAddress(word);
            if (am >= 52) {
                assertEquals(0, first);
                assertEquals(-1L, last);
            } else {
                long bytes = 4096L << am;
                assertEquals(0, first & bytes - 1);
                assertEquals(bytes, last - first + 1);
                assertTrue(Long.compareUnsigned(first, 0x1234_5678_9abc_d000L) <= 0);
                assertTrue(Long.compareUnsigned(last, 0x1234_5678_9abc_d000L) >= 0);
            }
        }
    }

    @Test
    void theLowestZeroBitOfADeviceTlbRangeIsItsSize() {
        assertEquals(0x1_0000_0000L, DeviceTlbRange.encode(0x1_0000_0000L, 1));
        assertEquals(0x1_0000_1000L, DeviceTlbRange.encode(0x1_0000_0000L, 2));
        assertEquals(0x1_0000_7000L, DeviceTlbRange.encode(0x1_0000_0000L, 4));
        assertEquals(0x7fff_ffff_ffff_f000L, DeviceTlbRange.encode(0, 52));
        Random random = new Random(0x6526);
        for (int order = 0; order <= 52; order++) {
            for (int round = 0; round < 100; round++) {
                long address = random.nextLong();
                long word = DeviceTlbRange.encode(address, order);
                boolean s = order > 0;
                assertEquals(0, word & 0xfff);
                assertEquals(order, DeviceTlbRange.order(word, s));
                long first = DeviceTlbRange.firstAddress(word, s);
                long last = DeviceTlbRange.lastAddress(word, s);
                assertEquals(order == 52 ? 0 : address & -(4096L << order), first);
                assertEquals(order == 52 ? -1L : first + (4096L << order) - 1, last);
            }
        }
        assertEquals(52, DeviceTlbRange.order(-1L << 12, true));
        assertEquals(0, DeviceTlbRange.order(-1L << 12, false));
    }

    @Test
    void pageRequestsStandAtTheBitsOfSection7Point4AndAreReadBack() {
        assertMatches(
                PageRequestDescriptor.STRUCTURE,
                """
                Type 7 0
                PP 8 8
                ~PDP 9 9
                RID 31 16
                PASID 51 32
                EXE 52 52
                PRIV 53 53
                R 64 64
                W 65 65
                LPIG 66 66
                PRGI 75 67
                ADDR 127 76
                ~Private_lo 191 128
                ~Private_hi 255 192
                """);
        Random random = new Random(0x704);
        for (int round = 0; round < 1000; round++) {
            long rid = random.nextInt(1 << 16);
            long pasid = random.nextInt(1 << 20);
            int group = random.nextInt(512);
            long address = random.nextLong();
            boolean a = random.nextBoolean();
            boolean b = random.nextBoolean();
            boolean c = random.nextBoolean();
            long w0 = PageRequestDescriptor.encodeLow((int) rid, true, (int) pasid, a, b);
            long w1 = PageRequestDescriptor.encodeHigh(address, group, a, b, c);
            long flags0 = (a ? 1L << 52 : 0) | (b ? 1L << 53 : 0);
            long flags1 = (a ? 4 : 0) | (b ? 1 : 0) | (c ? 2 : 0);
            assertEquals(0x101 | rid << 16 | pasid << 32 | flags0, w0);
            assertEquals(address & -1L << 12 | (long) group << 3 | flags1, w1);
            assertEquals(1, PageRequestDescriptor.type(w0));
            assertTrue(PageRequestDescriptor.hasPasid(w0));
            assertEquals(rid, PageRequestDescriptor.requesterId(w0));
            assertEquals(pasid, PageRequestDescriptor.pasid(w0));
            assertEquals(a, PageRequestDescriptor.last(w1));
            assertEquals(group, PageRequestDescriptor.group(w1));
            assertEquals(address & -1L << 12, PageRequestDescriptor.address(w1));
            assertEquals(a && !b && !c, PageRequestDescriptor.isStopMarker(w0, w1));
        }
        long without = PageRequestDescriptor.encodeLow(5, false, 0, false, false);
        assertEquals(0x50001L, without);
        assertFalse(PageRequestDescriptor.isStopMarker(without, 4));
        assertEquals(0, PageRequestDescriptor.RESPONSE_SUCCESS);
        assertEquals(1, PageRequestDescriptor.RESPONSE_INVALID);
        assertEquals(15, PageRequestDescriptor.RESPONSE_FAILURE);
    }
}
