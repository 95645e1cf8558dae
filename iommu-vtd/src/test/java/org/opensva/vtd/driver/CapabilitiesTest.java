package org.opensva.vtd.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.opensva.api.iommu.IommuCapabilities;
import org.opensva.api.memory.PageSize;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.PageTable;
import org.opensva.api.process.PageTableFormat;
import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
import org.opensva.vtd.layout.Register;

import java.util.Set;

class CapabilitiesTest {

    private static final long CAP = RecordingUnit.CAP;
    private static final long ECAP = RecordingUnit.ECAP;

    private static String refusal(long version, long cap, long ecap) {
        RecordingUnit unit = new RecordingUnit(new FlatMemory(0), cap, ecap);
        unit.set(Register.VER, version);
        RegisterFrame registers = new RegisterFrame(unit);
        ErrnoException refused =
                assertThrows(ErrnoException.class, () -> Capabilities.probe(registers));
        assertEquals(Errno.ENODEV, refused.errno());
        return refused.getMessage();
    }

    private static PageTable tables(PageTableFormat format, PageSize granule) {
        return new PageTable(format, 0x4100_0000L, granule, 48, 46, 0);
    }

    @ParameterizedTest
    @CsvSource({"0, 1, 1", "0xffffffff, 1, 1", "0x60, -1, 1", "0x60, 1, -1"})
    void whereOneRegisterReadsAsNothingThereIsNoUnit(String version, long cap, long ecap) {
        String refusal =
                refusal(Long.decode(version), cap == 1 ? CAP : cap, ecap == 1 ? ECAP : ecap);
        assertTrue(refusal.contains("no remapping unit answers"), refusal);
    }

    @Test
    void tableWalksHaveToSnoopInBothModes() {
        for (long bit : new long[] {Ecap.C.mask(), Ecap.SMPWCS.mask()}) {
            String refusal = refusal(0x60, CAP, ECAP & ~bit);
            assertTrue(refusal.contains("coherent"), refusal);
        }
    }

    @Test
    void noPasidIsWiderThanTwentyBitsAndNoDomainIdWiderThanSixteen() {
        for (int size = 0; size < 32; size++) {
            Capabilities unit = new Capabilities(CAP, Ecap.PSS.set(ECAP, size));
            assertEquals(Math.min(size + 1, 20), unit.pasidBits());
        }
        for (int size = 0; size < 8; size++) {
            Capabilities unit = new Capabilities(Cap.ND.set(CAP, size), ECAP);
            assertEquals(Math.min(4 + 2 * size, 16), unit.domainIdBits());
        }
    }

    @ParameterizedTest
    @EnumSource(PageTableFormat.class)
    void onlyTablesThatTheUnitWalksAreTaken(PageTableFormat format) {
        Capabilities four = new Capabilities(CAP & ~Cap.FS5LP.mask(), ECAP);
        Capabilities five = new Capabilities(CAP | Cap.FS5LP.mask(), ECAP);
        PageTable tables = tables(format, PageSize.SIZE_4K);
        switch (format) {
            case X86_64_4LEVEL -> {
                assertEquals("", four.obstacle(tables));
                assertEquals("", five.obstacle(tables));
            }
            case X86_64_5LEVEL -> {
                assertEquals("the unit has no 5-level paging (CAP.FS5LP)", four.obstacle(tables));
                assertEquals("", five.obstacle(tables));
            }
            default ->
                    assertEquals("VT-d walks x86-64 tables, not " + format, five.obstacle(tables));
        }
    }

    @Test
    void tablesOfOtherGranulesAreNotX86() {
        for (PageSize granule : Set.of(PageSize.SIZE_16K, PageSize.SIZE_64K)) {
            assertEquals(
                    "x86-64 tables have pages of 4096 bytes, not " + granule.bytes(),
                    new Capabilities(CAP, ECAP)
                            .obstacle(tables(PageTableFormat.X86_64_4LEVEL, granule)));
        }
    }

    @Test
    void aProcessMayGetPagesThatAUnitWithoutOneGigabyteCannotWalk() {
        DriverBench bench = new DriverBench(CAP & ~Cap.FS1GP.mask(), ECAP);
        ErrnoException refused =
                assertThrows(ErrnoException.class, () -> bench.driver.createDomain(bench.mm));
        assertEquals(Errno.EOPNOTSUPP, refused.errno());
        assertTrue(refused.getMessage().contains("CAP.FS1GP"), refused.getMessage());
    }

    @Test
    void anAddressSpaceWhoseTablesCannotBeSeenIsRefused() {
        DriverBench bench = new DriverBench();
        bench.mm.opaque = true;
        ErrnoException refused =
                assertThrows(ErrnoException.class, () -> bench.driver.createDomain(bench.mm));
        assertEquals(Errno.EOPNOTSUPP, refused.errno());
    }

    @Test
    void theDriverSaysWhatTheUnitHas() {
        assertEquals(
                new IommuCapabilities(
                        "vtd",
                        20,
                        Set.of(PageTableFormat.X86_64_4LEVEL, PageTableFormat.X86_64_5LEVEL),
                        true,
                        true,
                        false),
                new DriverBench().driver.capabilities());
        assertEquals(
                new IommuCapabilities(
                        "vtd", 16, Set.of(PageTableFormat.X86_64_4LEVEL), false, false, false),
                new DriverBench(CAP & ~Cap.FS5LP.mask(), Ecap.PSS.set(ECAP, 15) & ~Ecap.DT.mask())
                        .driver.capabilities());
    }

    @Test
    void pageRequestsNeedTheQueueAndTheDrain() {
        assertTrue(new Capabilities(CAP, ECAP).pageRequests());
        for (long bit : new long[] {Ecap.PRS.mask(), Ecap.PDS.mask()}) {
            DriverBench bench = new DriverBench(CAP, ECAP & ~bit);
            bench.bind();
            assertFalse(bench.driver.capabilities().pri());
            assertEquals(0, bench.unit.get(Register.PQA), "there is no queue");
            bench.driver.onPageRequestInterrupt();
            bench.driver.close();
        }
    }
}
