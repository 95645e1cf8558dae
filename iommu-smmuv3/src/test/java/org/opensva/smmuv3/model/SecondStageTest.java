package org.opensva.smmuv3.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;
import org.opensva.smmuv3.layout.AddressSize;
import org.opensva.smmuv3.layout.Granule;
import org.opensva.smmuv3.layout.IdRegisters.Idr5;
import org.opensva.smmuv3.layout.StreamTableEntry;

/** Which roots of stage 2 there can be; VMSAv8-64, S2StartLevel and S2InvalidSL. */
class SecondStageTest {

    private static SmmuProfile withAddresses(int encoded) {
        SmmuProfile base = SmmuProfile.nested();
        return base.withIdentification(
                base.idr0(), base.idr1(), base.idr3(), Idr5.OAS.set(base.idr5(), encoded), 0, 2);
    }

    private static long[] words(Granule granule, int inputBits, int startLevel) {
        long[] words = new long[8];
        StreamTableEntry.S2TG.put(words, 0, granule.tg0());
        StreamTableEntry.S2T0SZ.put(words, 0, 64 - inputBits);
        StreamTableEntry.S2SL0.put(words, 0, startLevel);
        StreamTableEntry.S2PS.put(words, 0, AddressSize.BITS_52);
        StreamTableEntry.S2AA64.put(words, 0, 1);
        return words;
    }

    @Test
    void aLevelTooHighForTheAddressesIsNoLevel() {
        long[] small = words(Granule.K4, 40, 2);
        assertNull(SecondStage.of(small, withAddresses(AddressSize.BITS_40)));
        assertNotNull(SecondStage.of(small, withAddresses(AddressSize.BITS_44)));
        long[] large = words(Granule.K64, 43, 2);
        assertNull(SecondStage.of(large, withAddresses(AddressSize.BITS_42)));
        assertNotNull(SecondStage.of(large, withAddresses(AddressSize.BITS_44)));
    }

    @Test
    void upToSixteenTablesAreOneRoot() {
        SmmuProfile profile = withAddresses(AddressSize.BITS_48);
        SecondStage sixteen = SecondStage.of(words(Granule.K4, 43, 1), profile);
        assertNotNull(sixteen);
        assertEquals(1, sixteen.tables().startLevel());
        assertNull(SecondStage.of(words(Granule.K4, 44, 1), profile));
        assertNull(SecondStage.of(words(Granule.K4, 30, 1), profile), "one level too many");
    }

    @Test
    void largeAddressesOfSmallPagesNeedTheirBit() {
        SmmuProfile complete = SmmuProfile.complete();
        long[] words = words(Granule.K4, 52, 0);
        StreamTableEntry.S2SL0_2.put(words, 0, 1);
        assertNull(SecondStage.of(words, complete));
        StreamTableEntry.S2DS.put(words, 0, 1);
        SecondStage found = SecondStage.of(words, complete);
        assertNotNull(found);
        assertEquals(-1, found.tables().startLevel());
        assertNull(SecondStage.of(words, SmmuProfile.nested()), "S2DS is RES0");
    }

    @Test
    void smallTablesAreAClaim() {
        long[] words = words(Granule.K4, 16, 3);
        assertNull(SecondStage.of(words, SmmuProfile.nested()));
        SecondStage found = SecondStage.of(words, SmmuProfile.complete());
        assertNotNull(found);
        assertEquals(3, found.tables().startLevel());
    }
}
