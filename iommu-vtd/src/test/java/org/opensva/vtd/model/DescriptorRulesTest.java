package org.opensva.vtd.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
import org.opensva.vtd.layout.DescriptorType;
import org.opensva.vtd.layout.EventRegisters.Fsts;
import org.opensva.vtd.layout.Field;
import org.opensva.vtd.layout.InvalidationDescriptor;
import org.opensva.vtd.layout.QueueError;
import org.opensva.vtd.layout.Register;

/** Which bits each descriptor may have set, asked of a running queue (section 6.5.2). */
class DescriptorRulesTest {

    private final TestUnit t = new TestUnit();

    /** A descriptor of a type that is well formed and harmless. */
    private static long[] good(DescriptorType type) {
        long w0 = InvalidationDescriptor.placeType(type.code());
        return switch (type) {
            case CONTEXT_CACHE, IOTLB -> new long[] {w0 | 1 << 4, 0, 0, 0};
            case PASID_IOTLB -> new long[] {w0 | 2 << 4, 0, 0, 0};
            default -> new long[] {w0, 0, 0, 0};
        };
    }

    private void assertVerdict(@Nullable QueueError error, long[] words, String what) {
        long head = t.get(Register.IQH);
        t.submit(words);
        if (error == null) {
            assertEquals(0, t.get(Register.FSTS), what);
            return;
        }
        t.assertQueueError(error, head);
        t.put(head, 0x11);
        t.set(Register.FSTS, Fsts.IQE.mask());
        assertEquals(0, t.get(Register.FSTS), what + " repaired");
    }

    /** Fields that this implementation reserves though they are defined. */
    private static long unclaimed(DescriptorType type) {
        boolean device =
                type == DescriptorType.DEVICE_TLB || type == DescriptorType.PASID_DEVICE_TLB;
        return device ? InvalidationDescriptor.placePfsid(0xffff) : 0;
    }

    @ParameterizedTest
    @EnumSource(DescriptorType.class)
    void everyReservedBitStopsTheQueueAndNoOther(DescriptorType type) {
        new TestDevice(t.unit, 0);
        t.enableQueue();
        long typeBits =
                InvalidationDescriptor.TYPE_LO.mask() | InvalidationDescriptor.TYPE_HI.mask();
        for (int word = 0; word < 4; word++) {
            for (int bit = 0; bit < 64; bit++) {
                long mask = 1L << bit;
                boolean special =
                        word == 0 && (mask & (typeBits | 0x30)) != 0 // type and granularity
                                || isSourceOrStatus(type, word, mask);
                if (special) {
                    continue;
                }
                long[] words = good(type);
                words[word] |= mask;
                boolean reserved =
                        (mask & type.reservedBits(word)) != 0
                                || word == 0 && (mask & unclaimed(type)) != 0;
                assertVerdict(
                        reserved ? QueueError.RESERVED_FIELD : null,
                        words,
                        type + " word " + word + " bit " + bit);
            }
        }
    }

    /** A bit that would address a device that is not there, or memory that does not exist. */
    private static boolean isSourceOrStatus(DescriptorType type, int word, long mask) {
        return switch (type) {
            case DEVICE_TLB -> word == 0 && (mask & InvalidationDescriptor.DEVICE_SID.mask()) != 0;
            case PASID_DEVICE_TLB ->
                    word == 0 && (mask & InvalidationDescriptor.PASID_DEVICE_SID.mask()) != 0;
            default -> false;
        };
    }

    @Test
    void everyTypeNumberWithoutADescriptorIsInvalid() {
        t.enableQueue();
        for (int code = 0; code < 128; code++) {
            if (DescriptorType.of(code) == null) {
                assertVerdict(
                        QueueError.INVALID_TYPE,
                        new long[] {InvalidationDescriptor.placeType(code)},
                        "type " + code);
            }
        }
    }

    @Test
    void reservedGranularitiesStopTheQueue() {
        t.enableQueue();
        long[][] granularities = {
            {DescriptorType.CONTEXT_CACHE.code(), 0b1110},
            {DescriptorType.IOTLB.code(), 0b1110},
            {DescriptorType.PASID_CACHE.code(), 0b1011},
            {DescriptorType.PASID_IOTLB.code(), 0b1100}
        };
        for (long[] row : granularities) {
            for (int g = 0; g < 4; g++) {
                boolean valid = (row[1] >>> g & 1) != 0;
                assertVerdict(
                        valid ? null : QueueError.RESERVED_FIELD,
                        new long[] {row[0] | g << 4},
                        "type " + row[0] + " granularity " + g);
            }
        }
    }

    @Test
    void anAddressMaskBeyondTheGreatestStopsTheQueue() {
        t.enableQueue();
        long greatest = Cap.MAMV.get(t.profile.capability());
        for (long mask = 0; mask < 64; mask++) {
            QueueError expected = mask > greatest ? QueueError.RESERVED_FIELD : null;
            assertVerdict(expected, new long[] {0x32, mask}, "IOTLB AM " + mask);
            assertVerdict(expected, new long[] {0x36, mask}, "PASID-based IOTLB AM " + mask);
            assertVerdict(null, new long[] {0x22, mask}, "AM counts for pages only");
        }
    }

    @Test
    void anIndexMaskBeyondTheGreatestStopsTheQueue() {
        long ecap = Ecap.MHMV.set(t.profile.extendedCapability(), 5);
        VtdProfile profile = t.profile.withIdentification(0x60, t.profile.capability(), ecap);
        DescriptorRules rules = new DescriptorRules(profile);
        for (int mask = 0; mask < 32; mask++) {
            long w0 = 0x14 | InvalidationDescriptor.IM.place(mask);
            DescriptorType type = rules.type(w0, true);
            assertNotNull(type);
            assertEquals(
                    mask > 5 ? QueueError.RESERVED_FIELD : null, rules.check(type, w0, 0, 0, 0));
        }
    }

    @Test
    void descriptorsOfFeaturesThatAreNotClaimedAreInvalid() {
        assertAbsent(DescriptorType.DEVICE_TLB, Ecap.DT, Ecap.PRS, Ecap.PDS, Ecap.NWFS);
        assertAbsent(DescriptorType.PASID_DEVICE_TLB, Ecap.DT, Ecap.PRS, Ecap.PDS, Ecap.NWFS);
        assertAbsent(DescriptorType.PAGE_GROUP_RESPONSE, Ecap.PRS, Ecap.PDS);
    }

    private void assertAbsent(DescriptorType type, Field... without) {
        long ecap = t.profile.extendedCapability();
        for (Field feature : without) {
            ecap &= ~feature.mask();
        }
        VtdProfile less = t.profile.withIdentification(0x60, t.profile.capability(), ecap);
        long w0 = InvalidationDescriptor.placeType(type.code());
        assertEquals(type, new DescriptorRules(t.profile).type(w0, true));
        assertNull(new DescriptorRules(less).type(w0, true));
    }

    @Test
    void descriptorsOfScalableModeHaveNo128BitForm() {
        DescriptorRules rules = new DescriptorRules(t.profile);
        for (DescriptorType type : DescriptorType.values()) {
            long w0 = InvalidationDescriptor.placeType(type.code());
            assertEquals(type.code() <= 5 ? type : null, rules.type(w0, false));
        }
    }

    @Test
    void pageRequestDrainIsReservedWithoutItsCapability() {
        try (TestUnit less = new TestUnit(t.profile.withPageRequests(false))) {
            less.enableQueue();
            less.submit(TestUnit.wait(1, false, false, true));
            less.assertQueueError(QueueError.RESERVED_FIELD, 0);
        }
    }
}
