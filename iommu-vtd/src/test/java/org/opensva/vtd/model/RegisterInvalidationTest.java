package org.opensva.vtd.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.opensva.api.telemetry.HardwareCounter;
import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.ControlRegisters.Ccmd;
import org.opensva.vtd.layout.IotlbRegisters.Iotlb;
import org.opensva.vtd.layout.Register;
import org.opensva.vtd.layout.RelocatedRegister;

/** Invalidation through registers (section 6.5.1). */
class RegisterInvalidationTest {

    private final TestUnit t = TestUnit.legacy();

    private static long context(int granularity) {
        return Ccmd.ICC.mask() | Ccmd.CIRG.place(granularity);
    }

    private static long iotlb(int granularity) {
        return Iotlb.IVT.mask() | Iotlb.IIRG.place(granularity) | Iotlb.DID.place(7);
    }

    private long performed(TestUnit unit, int granularity) {
        unit.set(RelocatedRegister.IOTLB, 0, iotlb(granularity));
        long value = unit.get(RelocatedRegister.IOTLB, 0);
        assertEquals(0, Iotlb.IVT.get(value));
        return Iotlb.IAIG.get(value);
    }

    @Test
    void everyGranularityIsPerformedAndReported() {
        for (int granularity = 0; granularity < 4; granularity++) {
            t.set(Register.CCMD, context(granularity));
            long value = t.get(Register.CCMD);
            assertEquals(0, Ccmd.ICC.get(value));
            assertEquals(granularity, Ccmd.CAIG.get(value));
            assertEquals(granularity, Ccmd.CIRG.get(value));
            assertEquals(granularity, performed(t, granularity));
        }
        assertEquals(3, t.unit.count(HardwareCounter.IOTLB_INVALIDATIONS));
    }

    @Test
    void onlyTheWriteOfTheUpperHalfAsksForAnInvalidation() {
        int at = Register.CCMD.offset();
        t.unit.write(at, 4, 0x1234_0007L);
        assertEquals(0x1234_0007L, t.get(Register.CCMD));
        t.unit.write(at + 4, 4, context(Ccmd.CIRG_DOMAIN) >>> 32);
        assertEquals(Ccmd.CIRG_DOMAIN, Ccmd.CAIG.get(t.get(Register.CCMD)));
    }

    @Test
    void aMaskBeyondTheGreatestIsIgnoredAndReported() {
        long greatest = Cap.MAMV.get(t.profile.capability());
        for (long mask = 0; mask < 64; mask++) {
            t.set(RelocatedRegister.IVA, 0, 0x5000_0000L | mask);
            assertEquals(mask > greatest ? 0 : Iotlb.IIRG_PAGE, performed(t, Iotlb.IIRG_PAGE));
        }
        assertEquals(greatest + 1, t.unit.count(HardwareCounter.IOTLB_INVALIDATIONS));
    }

    @Test
    void withoutPageSelectiveInvalidationPagesBecomeTheirDomain() {
        long cap = t.profile.capability() & ~Cap.PSI.mask();
        try (TestUnit coarse = new TestUnit(VtdProfile.fromCapabilities(cap, 0xf00f4aL))) {
            assertEquals(Iotlb.IIRG_DOMAIN, performed(coarse, Iotlb.IIRG_PAGE));
        }
    }

    @Test
    void whileTheQueueIsOnRegistersAreRefused() {
        t.enableQueue();
        t.set(Register.CCMD, context(Ccmd.CIRG_GLOBAL));
        assertEquals(0, Ccmd.ICC.get(t.get(Register.CCMD)));
        assertEquals(0, Ccmd.CAIG.get(t.get(Register.CCMD)));
        assertEquals(0, performed(t, Iotlb.IIRG_GLOBAL));
        assertEquals(0, t.unit.count(HardwareCounter.IOTLB_INVALIDATIONS));
    }

    @Test
    void fromVersionSixOnThereIsTheQueueOnly() {
        try (TestUnit modern = new TestUnit()) {
            modern.set(Register.CCMD, context(Ccmd.CIRG_GLOBAL));
            assertEquals(0, Ccmd.ICC.get(modern.get(Register.CCMD)));
            assertEquals(0, Ccmd.CAIG.get(modern.get(Register.CCMD)));
            assertEquals(0, performed(modern, Iotlb.IIRG_GLOBAL));
        }
    }

    @Test
    void theInvalidateAddressReadsAsZero() {
        t.set(RelocatedRegister.IVA, 0, -1L);
        assertEquals(0, t.get(RelocatedRegister.IVA, 0));
    }
}
