package org.opensva.vtd.driver;

import org.opensva.api.memory.AddressRange;
import org.opensva.vtd.layout.DescriptorEncoder;
import org.opensva.vtd.layout.DeviceTlbRange;
import org.opensva.vtd.layout.FunctionMask;
import org.opensva.vtd.layout.InvalidationDescriptor;

/**
 * Turns ranges of addresses into invalidation descriptors (section 6.5.2).
 *
 * <p>A range becomes one or two blocks of a power of two pages, aligned to their size, that cover
 * it: pages 7 to 10 become page 7 and pages 8 to 11. Never more than twice of what was asked for,
 * also where the range lies across a large boundary, which one block would have to span.
 *
 * <p>They are never limited to leaf entries (IH is 0): a listener is not told whether tables are
 * freed as well, so the paging-structure caches have to go too.
 */
final class Invalidations {

    private static final int PAGE_SHIFT = 12;

    /** Blocks of more pages than this, 1 GiB, cost more than the whole PASID does. */
    private static final int COLLAPSE_ORDER = 18;

    private final int greatestOrder;
    private final boolean namesPhysicalFunction;

    Invalidations(Capabilities unit) {
        this.greatestOrder = Math.min(COLLAPSE_ORDER, unit.pageSelectiveOrder());
        this.namesPhysicalFunction = unit.invalidationThrottle();
    }

    /** Whether the IOTLB is better invalidated for the whole PASID. */
    boolean collapses(AddressRange range) {
        if (range.isWhole()) {
            return true;
        }
        long first = firstPage(range);
        long last = lastPage(range);
        long boundary = boundary(first, last);
        int below = boundary == first ? 0 : order(first, boundary - 1);
        return Math.max(below, order(boundary, last)) > greatestOrder;
    }

    private static long firstPage(AddressRange range) {
        return range.start() >>> PAGE_SHIFT;
    }

    private static long lastPage(AddressRange range) {
        return range.end() - 1 >>> PAGE_SHIFT;
    }

    /** The roundest page number after the first; the first itself if there is only one page. */
    private static long boundary(long first, long last) {
        return first == last ? first : last & -Long.highestOneBit(first ^ last);
    }

    /** The order of the smallest aligned block with both pages in it. */
    private static int order(long first, long last) {
        return Long.SIZE - Long.numberOfLeadingZeros(first ^ last);
    }

    private interface BlockEncoder {
        void encode(long[] words, int at, long address, int order);
    }

    /**
     * Two blocks below and above the boundary, or one if they are the halves of it and it is not
     * too large.
     */
    private static void blocks(
            DescriptorBatch batch, AddressRange range, int greatestOrder, BlockEncoder encoder) {
        long first = firstPage(range);
        long last = lastPage(range);
        long boundary = boundary(first, last);
        if (boundary == first) {
            block(batch, encoder, first, order(first, last));
            return;
        }
        int below = order(first, boundary - 1);
        int above = order(boundary, last);
        if (below == above
                && below < greatestOrder
                && 1L << below == Long.highestOneBit(first ^ last)) {
            block(batch, encoder, first, below + 1);
            return;
        }
        block(batch, encoder, first, below);
        block(batch, encoder, boundary, above);
    }

    private static void block(DescriptorBatch batch, BlockEncoder encoder, long page, int order) {
        int at = batch.next();
        encoder.encode(batch.words(), at, (page & -(1L << order)) << PAGE_SHIFT, order);
    }

    /** Adds the invalidation of a device's context entry (section 6.5.2.1). */
    void context(DescriptorBatch batch, int source) {
        int at = batch.next();
        // Scalable mode does not look at the domain id.
        DescriptorEncoder.contextCache(
                batch.words(), at, InvalidationDescriptor.CC_DEVICE, 0, source, FunctionMask.NONE);
    }

    /** Adds the invalidation of the cached PASID entries of a tag (section 6.5.2.2). */
    void pasidCache(DescriptorBatch batch, int domainId, int pasid) {
        int at = batch.next();
        DescriptorEncoder.pasidCache(
                batch.words(), at, InvalidationDescriptor.PC_PASID, domainId, pasid);
    }

    /** Adds what removes a range of a tag from the IOTLB (section 6.5.2.4). */
    void iotlb(DescriptorBatch batch, int domainId, int pasid, AddressRange range) {
        if (collapses(range)) {
            int at = batch.next();
            DescriptorEncoder.pasidIotlb(
                    batch.words(),
                    at,
                    InvalidationDescriptor.PASID_IOTLB_PASID,
                    domainId,
                    pasid,
                    0,
                    0,
                    false);
            return;
        }
        blocks(
                batch,
                range,
                greatestOrder,
                (words, at, address, order) ->
                        DescriptorEncoder.pasidIotlb(
                                words,
                                at,
                                InvalidationDescriptor.PASID_IOTLB_PAGE,
                                domainId,
                                pasid,
                                address,
                                order,
                                false));
    }

    /**
     * Adds what removes a range of a PASID from a device-TLB (section 6.5.2.6), each block as often
     * as the device has to be told.
     */
    void deviceTlb(DescriptorBatch batch, int source, int times, int pasid, AddressRange range) {
        BlockEncoder encoder =
                (words, at, address, order) -> {
                    deviceTlb(words, at, source, pasid, address, order);
                    for (int i = 1; i < times; i++) {
                        int again = batch.next();
                        deviceTlb(batch.words(), again, source, pasid, address, order);
                    }
                };
        if (range.isWhole()) {
            block(batch, encoder, 0, DeviceTlbRange.ORDER_ALL);
        } else {
            blocks(batch, range, DeviceTlbRange.ORDER_ALL, encoder);
        }
    }

    private void deviceTlb(long[] words, int at, int source, int pasid, long address, int order) {
        DescriptorEncoder.pasidDeviceTlb(
                words, at, source, physicalFunction(source), 0, pasid, false, address, order);
    }

    /** Adds what empties a device-TLB (section 6.5.2.5), as often as the device has to be told. */
    void deviceTlbAll(DescriptorBatch batch, int source, int times) {
        for (int i = 0; i < times; i++) {
            int at = batch.next();
            DescriptorEncoder.deviceTlb(
                    batch.words(),
                    at,
                    source,
                    physicalFunction(source),
                    0,
                    0,
                    DeviceTlbRange.ORDER_ALL);
        }
    }

    /** Reserved unless the unit throttles by physical function. */
    private int physicalFunction(int source) {
        return namesPhysicalFunction ? source : 0;
    }

    /** Adds what empties every cache of the unit (sections 6.5.2.1 to 6.5.2.3). */
    static void everything(DescriptorBatch batch) {
        int at = batch.next();
        DescriptorEncoder.contextCache(
                batch.words(), at, InvalidationDescriptor.CC_GLOBAL, 0, 0, FunctionMask.NONE);
        at = batch.next();
        DescriptorEncoder.pasidCache(batch.words(), at, InvalidationDescriptor.PC_GLOBAL, 0, 0);
        at = batch.next();
        DescriptorEncoder.iotlb(
                batch.words(), at, InvalidationDescriptor.IOTLB_GLOBAL, 0, true, true, 0, 0, false);
    }
}
