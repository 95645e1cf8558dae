package org.opensva.vtd.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.api.memory.AddressRange;
import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.DeviceTlbRange;
import org.opensva.vtd.layout.InvalidationDescriptor;

import java.util.Random;

class InvalidationsTest {

    private static final long SEED = 20_240_611;

    private final Invalidations invalidations =
            new Invalidations(new Capabilities(RecordingUnit.CAP, RecordingUnit.ECAP));

    private static AddressRange random(Random random) {
        int bits = 13 + random.nextInt(44);
        long start = random.nextLong() >>> 64 - bits;
        long length = 1 + (random.nextLong() >>> 64 - (1 + random.nextInt(bits)));
        return AddressRange.of(start, Math.max(1, length));
    }

    /** Whether every page of a range is in one of the blocks, by its ends and what lies between. */
    private static void assertCovered(AddressRange range, long[] first, long[] last, int blocks) {
        long at = range.start() & -4096L;
        for (int i = 0; i < blocks; i++) {
            assertTrue(first[i] <= at, range + " from " + Long.toHexString(at));
            at = last[i] + 1;
        }
        assertTrue(Long.compareUnsigned(at, range.end()) >= 0, range::toString);
    }

    @Test
    void aRangeOfADeviceTlbIsCoveredByAtMostTwoBlocksOfAtMostTwiceItsSize() {
        Random random = new Random(SEED);
        for (int i = 0; i < 100_000; i++) {
            AddressRange range = random(random);
            DescriptorBatch batch = new DescriptorBatch();
            invalidations.deviceTlb(batch, 0x100, 1, 5, range);
            assertTrue(batch.count() <= 2, range::toString);
            long[] first = new long[2];
            long[] last = new long[2];
            long size = 0;
            for (int block = 0; block < batch.count(); block++) {
                long w1 = batch.words()[block * 2 + 1];
                boolean s = InvalidationDescriptor.PASID_DEVICE_S.isSet(w1);
                long address = w1 & -4096L;
                first[block] = DeviceTlbRange.firstAddress(address, s);
                last[block] = DeviceTlbRange.lastAddress(address, s);
                size += last[block] - first[block] + 1;
            }
            assertCovered(range, first, last, batch.count());
            long pages = (range.end() - 1 >>> 12) - (range.start() >>> 12) + 1;
            assertTrue(size >>> 12 <= 2 * pages, range::toString);
        }
    }

    @Test
    void aRangeOfTheIotlbIsCoveredToo() {
        Random random = new Random(SEED + 1);
        int selective = 0;
        for (int i = 0; i < 100_000; i++) {
            AddressRange range = random(random);
            DescriptorBatch batch = new DescriptorBatch();
            invalidations.iotlb(batch, 7, 5, range);
            long w0 = batch.words()[0];
            if (InvalidationDescriptor.granularity(w0)
                    == InvalidationDescriptor.PASID_IOTLB_PASID) {
                assertTrue(range.length() > 1L << 29, "only large ranges collapse: " + range);
                continue;
            }
            selective++;
            long[] first = new long[2];
            long[] last = new long[2];
            for (int block = 0; block < batch.count(); block++) {
                long w1 = batch.words()[block * 2 + 1];
                first[block] = InvalidationDescriptor.firstAddress(w1);
                last[block] = InvalidationDescriptor.lastAddress(w1);
            }
            assertCovered(range, first, last, batch.count());
        }
        assertTrue(selective > 10_000);
    }

    @Test
    void pagesSevenToTenAreOnePageAndABlockOfFour() {
        DescriptorBatch batch = new DescriptorBatch();
        invalidations.deviceTlb(batch, 0x100, 1, 5, new AddressRange(0x7000, 0xb000));
        assertEquals(2, batch.count());
        assertEquals(0x7000, batch.words()[1]);
        boolean s = InvalidationDescriptor.PASID_DEVICE_S.isSet(batch.words()[3]);
        assertEquals(0x8000, DeviceTlbRange.firstAddress(batch.words()[3] & -4096L, s));
        assertEquals(0xbfff, DeviceTlbRange.lastAddress(batch.words()[3] & -4096L, s));
    }

    @Test
    void anAlignedBlockIsOneDescriptor() {
        DescriptorBatch batch = new DescriptorBatch();
        invalidations.iotlb(batch, 7, 5, new AddressRange(0x20_0000, 0x40_0000));
        assertEquals(1, batch.count());
        assertEquals(9, InvalidationDescriptor.AM.get(batch.words()[1]));
    }

    @Test
    void everythingIsTheWholePasidAndNeverNothing() {
        DescriptorBatch batch = new DescriptorBatch();
        invalidations.iotlb(batch, 7, 5, AddressRange.WHOLE);
        invalidations.deviceTlb(batch, 0x100, 1, 5, AddressRange.WHOLE);
        assertEquals(2, batch.count());
        assertEquals(
                InvalidationDescriptor.PASID_IOTLB_PASID,
                InvalidationDescriptor.granularity(batch.words()[0]));
        boolean s = InvalidationDescriptor.PASID_DEVICE_S.isSet(batch.words()[3]);
        assertEquals(DeviceTlbRange.ORDER_ALL, DeviceTlbRange.order(batch.words()[3] & -4096L, s));
    }

    @Test
    void aUnitWithoutPageSelectiveInvalidationGetsTheWholePasid() {
        Invalidations coarse =
                new Invalidations(
                        new Capabilities(RecordingUnit.CAP & ~Cap.PSI.mask(), RecordingUnit.ECAP));
        DescriptorBatch batch = new DescriptorBatch();
        coarse.iotlb(batch, 7, 5, AddressRange.of(0x7000, 4096));
        assertEquals(
                InvalidationDescriptor.PASID_IOTLB_PASID,
                InvalidationDescriptor.granularity(batch.words()[0]));
    }

    @Test
    void noBlockIsLargerThanTheUnitTakesAndNoneThatFitsIsGivenUp() {
        Random random = new Random(SEED + 2);
        for (int greatest : new int[] {0, 1, 9, 17, 18}) {
            Invalidations each =
                    new Invalidations(
                            new Capabilities(
                                    Cap.MAMV.set(RecordingUnit.CAP, greatest), RecordingUnit.ECAP));
            for (int i = 0; i < 20_000; i++) {
                AddressRange range = i % 2 == 0 ? aligned(random) : random(random);
                DescriptorBatch batch = new DescriptorBatch();
                each.iotlb(batch, 7, 5, range);
                if (InvalidationDescriptor.granularity(batch.words()[0])
                        == InvalidationDescriptor.PASID_IOTLB_PASID) {
                    assertTrue(each.collapses(range));
                    assertEquals(1, batch.count());
                    long pages = (range.end() - 1 >>> 12) - (range.start() >>> 12) + 1;
                    assertTrue(pages > 1L << greatest, range::toString);
                } else {
                    assertFalse(each.collapses(range));
                    for (int block = 0; block < batch.count(); block++) {
                        long order = InvalidationDescriptor.AM.get(batch.words()[block * 2 + 1]);
                        assertTrue(order <= greatest, range::toString);
                    }
                }
            }
        }
    }

    private static AddressRange aligned(Random random) {
        long length = 4096L << random.nextInt(25);
        return AddressRange.of(random.nextInt(1000) * length, length);
    }

    @Test
    void twoHalvesThatTheUnitTakesOneByOneAreTwoDescriptors() {
        DescriptorBatch batch = new DescriptorBatch();
        invalidations.iotlb(batch, 7, 5, AddressRange.of(1L << 31, 1L << 31));
        assertEquals(2, batch.count());
        batch.clear();
        invalidations.deviceTlb(batch, 0x100, 1, 5, AddressRange.of(1L << 31, 1L << 31));
        assertEquals(1, batch.count(), "device-TLBs know no greatest block");
    }
}
