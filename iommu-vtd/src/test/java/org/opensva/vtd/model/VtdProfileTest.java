package org.opensva.vtd.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
import org.opensva.vtd.layout.Field;

/** What a profile may claim. */
class VtdProfileTest {

    @ParameterizedTest
    @CsvSource({
        "0x80d2008c222f0606, 0xf00f4a, 48",
        "0x80d2008c22260206, 0xf00f4a, 39",
        "0x80d2008c222f0686, 0xf00f4a, 48",
        "0x81d2008c222f0606, 0x880000f00f4a, 48",
        "0x80d2008c222f0606, 0x480080f00f4a, 48",
        "0x80d2008c222f0606, 0xf00f4e, 48",
        "0x81d2008c222f0606, 0x8d9a20f00f4e, 48",
        "0x80d2008c222f0606, 0xf00fca, 48"
    })
    void everyRecordedImplementationCanBeBuilt(String cap, String ecap, int addressBits) {
        VtdProfile profile =
                VtdProfile.fromCapabilities(
                        Long.parseUnsignedLong(cap.substring(2), 16), Long.decode(ecap));
        assertEquals(addressBits, profile.addressBits());
        assertTrue(profile.registerInvalidation());
        assertEquals(0x1000, profile.windowBytes());
    }

    @Test
    void everyClaimThatIsNotModelledIsRefusedWithOneLine() {
        VtdProfile sva = VtdProfile.sva();
        Field[] ecap = {
            Ecap.MTS, Ecap.VCS, Ecap.DIT, Ecap.TDXIO, Ecap.HPTS, Ecap.PTRS, Ecap.PBDS, Ecap.SMS
        };
        for (Field field : ecap) {
            assertRefused(sva, sva.capability(), sva.extendedCapability() | field.mask(), field);
        }
        assertRefused(sva, sva.capability() | Cap.AFL.mask(), sva.extendedCapability(), Cap.AFL);
    }

    @Test
    void everyReservedBitIsRefused() {
        VtdProfile sva = VtdProfile.sva();
        for (int bit = 0; bit < 64; bit++) {
            long mask = 1L << bit;
            if ((mask & Cap.STRUCTURE.definedBits(0)) == 0) {
                assertRefused(sva, sva.capability() | mask, sva.extendedCapability(), null);
            }
            if ((mask & Ecap.STRUCTURE.definedBits(0)) == 0) {
                assertRefused(sva, sva.capability(), sva.extendedCapability() | mask, null);
            }
        }
    }

    @Test
    void aClaimWithoutWhatItNeedsIsRefused() {
        VtdProfile sva = VtdProfile.sva();
        Field[][] pairs = {
            {Ecap.QI, Ecap.DT},
            {Ecap.IR, Ecap.EIM},
            {Ecap.SMTS, Ecap.FSTS},
            {Ecap.SSTS, Ecap.NEST},
            {Ecap.PASID, Ecap.RPS},
            {Ecap.DT, Ecap.PRS},
            {Ecap.PRS, Ecap.PDS}
        };
        for (Field[] pair : pairs) {
            long ecap = sva.extendedCapability() & ~pair[0].mask();
            assertTrue(pair[1].isSet(ecap));
            assertRefused(sva, sva.capability(), ecap, null);
        }
        assertRefused(sva, sva.capability() & ~Cap.ECMDS.mask(), sva.extendedCapability(), null);
    }

    @Test
    void relocatedRegistersMayNotLieUponOthers() {
        VtdProfile sva = VtdProfile.sva();
        assertRefused(
                sva, Cap.FRO.set(sva.capability(), 0x400 / 16), sva.extendedCapability(), null);
        assertRefused(
                sva, Cap.FRO.set(sva.capability(), 0x200 / 16), sva.extendedCapability(), null);
        assertRefused(
                sva, sva.capability(), Ecap.IRO.set(sva.extendedCapability(), 0x80 / 16), null);
    }

    @Test
    void whatGoesWithoutAFeatureGoesWithIt() {
        VtdProfile sva = VtdProfile.sva();
        VtdProfile four = sva.withFiveLevel(false);
        assertFalse(four.cap(Cap.FS5LP));
        assertEquals(48, Cap.mgaw(four.capability()));
        assertEquals(0b0110, Cap.SAGAW.get(four.capability()));
        assertEquals(sva, four.withFiveLevel(true));
        VtdProfile local = sva.withDeviceTlb(false);
        assertFalse(local.ecap(Ecap.PRS));
        assertFalse(local.ecap(Ecap.PDS));
        assertThrows(IllegalArgumentException.class, () -> local.withPageRequests(true));
        assertEquals(sva, sva.withPageRequests(false).withPageRequests(true));
    }

    @Test
    void capacitiesAreCheckedOneByOne() {
        VtdProfile sva = VtdProfile.sva();
        assertThrows(IllegalArgumentException.class, () -> sva.withCaches(3, 4, 1, 1));
        assertThrows(IllegalArgumentException.class, () -> sva.withCaches(4, 2, 1, 1));
        assertThrows(IllegalArgumentException.class, () -> sva.withCaches(4, 4, 0, 1));
        assertThrows(IllegalArgumentException.class, () -> sva.withCaches(4, 4, 1, 3));
        assertThrows(IllegalArgumentException.class, () -> sva.withDeviceTlbTimeout(0));
        assertThrows(IllegalArgumentException.class, () -> sva.withAddressBits(53));
        assertEquals(8, sva.withCaches(8, 4, 1, 1).iotlbEntries());
    }

    private static void assertRefused(VtdProfile base, long cap, long ecap, @Nullable Field named) {
        IllegalArgumentException e =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> base.withIdentification(base.version(), cap, ecap));
        assertFalse(e.getMessage().contains("\n"));
        assertTrue(named == null || e.getMessage().contains(named.name()), e.getMessage());
    }
}
