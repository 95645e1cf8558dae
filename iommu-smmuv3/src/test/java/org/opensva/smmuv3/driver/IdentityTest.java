package org.opensva.smmuv3.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.opensva.api.memory.PageSize;
import org.opensva.api.process.PageTable;
import org.opensva.api.process.PageTableFormat;
import org.opensva.smmuv3.layout.IdRegisters.Idr0;
import org.opensva.smmuv3.layout.IdRegisters.Idr1;
import org.opensva.smmuv3.layout.IdRegisters.Idr5;
import org.opensva.smmuv3.layout.Register;

import java.util.Set;

/** What the driver reads in the identification registers (sections 6.3.1 to 6.3.6). */
class IdentityTest {

    private static final long USABLE =
            Idr0.S1P.mask() | Idr0.TTF.place(2) | Idr0.COHACC.mask() | Idr0.TTENDIAN.place(2);
    private static final long OAS_44_4K = Idr5.OAS.place(4) | Idr5.GRAN4K.mask();

    private static Identity probe(long idr0, long idr1, long idr5) {
        RecordingSmmu smmu = new RecordingSmmu(new FlatMemory(), true);
        smmu.set(Register.IDR0, idr0);
        smmu.set(Register.IDR1, idr1);
        smmu.set(Register.IDR5, idr5);
        return Identity.probe(new RegisterFrame(smmu));
    }

    private static Identity idr0(long idr0) {
        return probe(idr0, Idr1.SIDSIZE.place(8) | Idr1.SSIDSIZE.place(8), OAS_44_4K);
    }

    @ParameterizedTest
    @CsvSource({"0,true,false", "1,false,false", "2,true,true"})
    void theStallModelSaysWhetherFaultsCanStallAndWhetherTheyAlwaysDo(
            int model, boolean stalls, boolean always) {
        Identity identity = idr0(USABLE | Idr0.STALL_MODEL.place(model));
        assertEquals(stalls, identity.stalls());
        assertEquals(always, identity.stallsAlways());
    }

    @ParameterizedTest
    @CsvSource({"2,2,true", "3,2,true", "1,2,false", "0,2,false", "2,3,false", "2,0,true"})
    void tablesAreThoseOfVmsaV8InLittleEndian(int ttf, int endian, boolean walked) {
        long base = Idr0.S1P.mask() | Idr0.COHACC.mask();
        Identity identity = idr0(base | Idr0.TTF.place(ttf) | Idr0.TTENDIAN.place(endian));
        assertEquals(walked, identity.tables64());
        assertEquals(walked ? "" : "no little-endian VMSAv8-64 tables", identity.obstacle());
    }

    @Test
    void sizesAreWhatTheRegistersSay() {
        long idr1 =
                Idr1.SIDSIZE.place(9)
                        | Idr1.SSIDSIZE.place(31)
                        | Idr1.CMDQS.place(3)
                        | Idr1.EVENTQS.place(4)
                        | Idr1.PRIQS.place(5);
        Identity identity = probe(USABLE, idr1, OAS_44_4K);
        assertEquals(9, identity.streamBits());
        assertEquals(20, identity.pasidBits(), "a PASID has no more");
        assertEquals(3, identity.commandQueueBits());
        assertEquals(4, identity.eventQueueBits());
        assertEquals(5, identity.pageRequestQueueBits());
        assertEquals(8, identity.asidBits());
        assertEquals(44, identity.outputBits());
        assertEquals(16, idr0(USABLE | Idr0.ASID16.mask()).asidBits());
        assertEquals(0, probe(USABLE & ~Idr0.S1P.mask(), idr1, OAS_44_4K).pasidBits());
    }

    @Test
    void tableFormatsAreOneLevelUnlessTwoAreClaimed() {
        Identity one = idr0(USABLE);
        assertFalse(one.twoLevelStreams());
        assertFalse(one.twoLevelContexts());
        Identity two = idr0(USABLE | Idr0.ST_LEVEL.place(1) | Idr0.CD2L.mask());
        assertTrue(two.twoLevelStreams());
        assertTrue(two.twoLevelContexts());
        assertFalse(idr0(USABLE | Idr0.ST_LEVEL.place(2)).twoLevelStreams(), "reserved");
    }

    @Test
    void granulesAreEachTheirOwnBit() {
        long idr1 = Idr1.SSIDSIZE.place(8);
        assertEquals(Set.of(PageSize.SIZE_4K), probe(USABLE, idr1, Idr5.GRAN4K.mask()).granules());
        assertEquals(
                Set.of(PageSize.SIZE_16K), probe(USABLE, idr1, Idr5.GRAN16K.mask()).granules());
        assertEquals(
                Set.of(PageSize.SIZE_64K), probe(USABLE, idr1, Idr5.GRAN64K.mask()).granules());
        assertEquals("no translation granule", probe(USABLE, idr1, 0).obstacle());
    }

    private static String obstacle(
            PageTableFormat format, PageSize granule, int virtual, int physical) {
        return idr0(USABLE).obstacle(new PageTable(format, 0x1000, granule, virtual, physical, 0));
    }

    @Test
    void theTablesOfAProcessAreRefusedForWhatTheSmmuCannotWalk() {
        PageTableFormat arm = PageTableFormat.VMSAV8_64;
        PageSize small = PageSize.SIZE_4K;
        assertEquals("", obstacle(arm, small, 48, 44));
        assertEquals(
                "the processor's physical addresses have 48 bits, the SMMU's 44",
                obstacle(arm, small, 48, 48));
        assertEquals(
                "the process uses 52-bit addresses, the driver supports 48",
                obstacle(arm, small, 52, 44));
        assertEquals(
                "the SMMU has no granule of 65536 bytes", obstacle(arm, PageSize.SIZE_64K, 48, 44));
        for (PageTableFormat format : PageTableFormat.values()) {
            if (format != arm) {
                assertEquals(
                        "an SMMUv3 walks VMSAv8-64 tables, not " + format,
                        obstacle(format, small, 48, 44));
            }
        }
        assertEquals(
                "the SMMU's walks are not coherent with the processor's caches",
                idr0(USABLE & ~Idr0.COHACC.mask())
                        .obstacle(new PageTable(arm, 0x1000, small, 48, 44, 0)));
    }
}
