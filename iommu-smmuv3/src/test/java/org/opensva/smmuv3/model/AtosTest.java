package org.opensva.smmuv3.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.memory.Access;
import org.opensva.smmuv3.layout.AtosRegisters.GatosAddr;
import org.opensva.smmuv3.layout.AtosRegisters.GatosPar;
import org.opensva.smmuv3.layout.AtosRegisters.GatosParFault;
import org.opensva.smmuv3.layout.AtosRegisters.GatosSid;
import org.opensva.smmuv3.layout.ContextDescriptor;
import org.opensva.smmuv3.layout.EventType;
import org.opensva.smmuv3.layout.Granule;
import org.opensva.smmuv3.layout.Register;
import org.opensva.smmuv3.layout.StreamTableEntry;

import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;

/** Address translation operations (chapter 9). */
@Timeout(60)
class AtosTest {

    private static final int PASID = 3;
    private static final int ASID = 7;
    private static final long VA = 0x12_3456_7000L;
    private static final long SHIFT = 0x1000_0000L;
    private static final long S2_RW = 1L << 10 | 3L << 8 | 3L << 6 | 0xfL << 2 | 0b11;
    private static final long AF = 1L << 10;
    private static final long DBM = 1L << 51;

    private final TestMachine machine = new TestMachine(SmmuProfile.nested());
    private long second;
    private long table;
    private long contexts;
    private long page;

    @BeforeEach
    void bind() {
        second = machine.newTable(Granule.K4);
        contexts = machine.allocate(64L << 8, 64L << 8);
        table = machine.newTable(Granule.K4);
        page = machine.allocate(4096, 4096);
        machine.map(table, VA, guest(page), TestMachine.PAGE_RW);
        long at = table;
        for (int level = 0; level < 3; level++) {
            long slot = at + 8 * (VA >>> 39 - 9 * level & 511);
            long next = machine.memory.readLong(slot);
            machine.memory.writeLong(slot, guest(next & -4096L) | 3);
            at = next & -4096L;
            show(at);
        }
        context(machine.context(guest(table), Granule.K4, 48, ASID));
        show(table);
        show(contexts + 64 * PASID);
        show(page);
        nested();
        machine.enable();
    }

    @AfterEach
    void close() {
        assertTrue(machine.events().isEmpty(), "an operation recorded an event");
        machine.close();
    }

    private static long guest(long physical) {
        return physical - SHIFT;
    }

    private void show(long physical) {
        machine.map(second, guest(physical) & -4096L, physical & -4096L, S2_RW);
    }

    private long stage2Descriptor(long physical) {
        return machine.descriptorAddress(
                second, Granule.K4, 48, guest(physical) & -4096L, 3, false);
    }

    private long stage1Descriptor() {
        long at = table;
        for (int level = 0; level < 3; level++) {
            long slot = at + 8 * (VA >>> 39 - 9 * level & 511);
            at = (machine.memory.readLong(slot) & -4096L) + SHIFT;
        }
        return at + 8 * (VA >>> 12 & 511);
    }

    private void context(long[] words) {
        machine.writeWords(contexts + 64 * PASID, words);
    }

    private void nested() {
        long[] words = machine.stage1Entry(guest(contexts), 8);
        StreamTableEntry.CONFIG.put(words, 0, StreamTableEntry.CONFIG_NESTED);
        StreamTableEntry.S2T0SZ.put(words, 0, 16);
        StreamTableEntry.S2SL0.put(words, 0, 2);
        StreamTableEntry.S2PS.put(words, 0, 5);
        StreamTableEntry.S2AA64.put(words, 0, 1);
        words[3] |= second;
        entry(words);
    }

    private void entry(long[] words) {
        machine.writeWords(machine.entryAddress(TestMachine.STREAM), words);
    }

    /** A stage 1 stream whose tables are at physical addresses. */
    private void stage1(long[] context) {
        machine.writeWords(contexts + 64 * PASID, context);
        machine.stage1(contexts, 8);
        machine.invalidateConfiguration();
    }

    private long ask(long stream, int pasid, long address, int type, long flags) {
        long sid = stream & 0xffff_ffffL;
        if (pasid >= 0) {
            sid |= GatosSid.SUBSTREAMID.place(pasid) | GatosSid.SSID_VALID.mask();
        }
        machine.smmu.write(Register.GATOS_SID.offset(), 8, sid);
        machine.smmu.write(
                Register.GATOS_ADDR.offset(), 8, address | GatosAddr.TYPE.place(type) | flags);
        machine.smmu.write(Register.GATOS_CTRL.offset(), 4, 1);
        assertEquals(0, machine.smmu.read(Register.GATOS_CTRL.offset(), 4), "RUN");
        return machine.smmu.read(Register.GATOS_PAR.offset(), 8);
    }

    private long read(int type) {
        return ask(TestMachine.STREAM, PASID, VA, type, GatosAddr.RNW.mask());
    }

    private long write(int type, long flags) {
        return ask(TestMachine.STREAM, PASID, VA, type, flags);
    }

    private static void assertFault(long par, int code, int reason, long address) {
        assertEquals(
                1L | GatosParFault.FAULTCODE.place(code) | (long) reason << 1 | address,
                par,
                () -> "0x" + Long.toHexString(par));
    }

    private static void assertFault(long par, EventType code, int reason, long address) {
        assertFault(par, code.number(), reason, address);
    }

    @Test
    void bothStagesGiveThePhysicalAddress() {
        long par = read(GatosAddr.TYPE_BOTH);
        assertEquals(page, GatosPar.ADDR.address(par));
        assertEquals(0, par & 0x8ff, "no fault, 4 KB");
    }

    @Test
    void stage1AloneGivesTheIntermediateAddressAndNeedsNoStage2ForIt() {
        machine.memory.writeLong(stage2Descriptor(page), 0);
        assertEquals(guest(page), GatosPar.ADDR.address(read(GatosAddr.TYPE_STAGE1)));
        assertFault(
                read(GatosAddr.TYPE_BOTH),
                EventType.F_TRANSLATION,
                GatosParFault.REASON_IN,
                guest(page));
        // What was found for stage 1 alone must not serve transactions.
        assertTrue(
                DmaResult.bytes(machine.port.read(PASID, Access.READ, VA, new byte[8], 0, 8)) == 0);
    }

    @Test
    void stage2AloneTranslatesAnIntermediateAddress() {
        long flags = GatosAddr.RNW.mask();
        long par = ask(TestMachine.STREAM, -1, guest(page), GatosAddr.TYPE_STAGE2, flags);
        assertEquals(page, GatosPar.ADDR.address(par));
        par = ask(TestMachine.STREAM, -1, guest(page) + (1 << 24), GatosAddr.TYPE_STAGE2, flags);
        assertFault(par, EventType.F_TRANSLATION, GatosParFault.REASON_IN, 0);
        par = ask(TestMachine.STREAM, -1, 1L << 50, GatosAddr.TYPE_STAGE2, flags);
        assertFault(par, EventType.F_ADDR_SIZE, GatosParFault.REASON_STAGE1_OR_OTHER, 0);
        par = ask(0xffff, -1, guest(page), GatosAddr.TYPE_STAGE2, flags);
        assertFault(par, EventType.C_BAD_STREAMID, GatosParFault.REASON_IN, 0);
    }

    @Test
    void whatCannotBeAskedIsAnInvalidRequest() {
        assertFault(read(GatosAddr.TYPE_RESERVED), GatosParFault.FAULT_INV_REQ, 0, 0);
        assertFault(read(GatosAddr.TYPE_STAGE2), GatosParFault.FAULT_INV_REQ, 0, 0);
        try (TestMachine single = new TestMachine(SmmuProfile.sva())) {
            single.enable();
            for (int type : new int[] {GatosAddr.TYPE_STAGE2, GatosAddr.TYPE_BOTH}) {
                single.smmu.write(Register.GATOS_ADDR.offset(), 8, GatosAddr.TYPE.place(type));
                single.smmu.write(Register.GATOS_CTRL.offset(), 4, 1);
                assertFault(
                        single.smmu.read(Register.GATOS_PAR.offset(), 8),
                        GatosParFault.FAULT_INV_REQ,
                        0,
                        0);
            }
        }
    }

    @Test
    void aStageThatTheStreamDoesNotHaveIsAnInvalidStage() {
        stage1(machine.context(table, Granule.K4, 48, ASID));
        assertFault(read(GatosAddr.TYPE_BOTH), GatosParFault.FAULT_INV_STAGE, 0, 0);
        long stage2 = ask(TestMachine.STREAM, -1, VA, GatosAddr.TYPE_STAGE2, 0);
        assertFault(stage2, GatosParFault.FAULT_INV_STAGE, 0, 0);
        for (int config :
                new int[] {StreamTableEntry.CONFIG_ABORT, StreamTableEntry.CONFIG_BYPASS}) {
            long[] words = new long[8];
            StreamTableEntry.V.put(words, 0, 1);
            StreamTableEntry.CONFIG.put(words, 0, config);
            entry(words);
            machine.invalidateConfiguration();
            assertFault(read(GatosAddr.TYPE_STAGE1), GatosParFault.FAULT_INV_STAGE, 0, 0);
        }
    }

    @Test
    void configurationFaultsAreToldInTheirOrder() {
        long flags = GatosAddr.RNW.mask();
        long par = ask(0x8000, PASID, VA, GatosAddr.TYPE_STAGE1, flags);
        assertFault(par, EventType.C_BAD_STREAMID, 0, 0);
        entry(new long[8]);
        assertFault(read(GatosAddr.TYPE_STAGE1), EventType.C_BAD_STE, 0, 0);
        nested();
        machine.invalidateConfiguration();
        par = ask(TestMachine.STREAM, 256, VA, GatosAddr.TYPE_STAGE1, flags);
        assertFault(par, EventType.C_BAD_SUBSTREAMID, 0, 0);
        par = ask(TestMachine.STREAM, 0, VA, GatosAddr.TYPE_STAGE1, flags);
        assertFault(par, EventType.F_STREAM_DISABLED, 0, 0);
        context(new long[8]);
        assertFault(read(GatosAddr.TYPE_BOTH), EventType.C_BAD_CD, 0, 0);
        machine.smmu.write(Register.CR0.offset(), 4, 0);
        machine.smmu.write(Register.STRTAB_BASE.offset(), 8, TestMachine.NO_MEMORY);
        machine.smmu.write(Register.CR0.offset(), 4, TestMachine.SMMUEN | TestMachine.CMDQEN);
        machine.invalidateConfiguration();
        assertFault(read(GatosAddr.TYPE_BOTH), EventType.F_STE_FETCH, 0, 0);
    }

    @Test
    void stage2FaultsOfTablesNameWhatWasFetched() {
        machine.memory.writeLong(stage2Descriptor(contexts + 64 * PASID), 0);
        assertFault(
                read(GatosAddr.TYPE_BOTH),
                EventType.F_TRANSLATION,
                GatosParFault.REASON_CD,
                guest(contexts + 64 * PASID) & -4096L);
        assertFault(read(GatosAddr.TYPE_STAGE1), EventType.F_CD_FETCH, 0, 0);
        show(contexts + 64 * PASID);
        machine.memory.writeLong(stage2Descriptor(table), 0);
        assertFault(
                read(GatosAddr.TYPE_BOTH),
                EventType.F_TRANSLATION,
                GatosParFault.REASON_TT,
                guest(table));
        assertFault(read(GatosAddr.TYPE_STAGE1), EventType.F_WALK_EABT, 0, 0);
    }

    @Test
    void anAbortedFetchHasNoAddress() {
        long slot = second + 8 * (guest(table) >>> 39);
        long before = machine.memory.readLong(slot);
        machine.memory.writeLong(slot, TestMachine.NO_MEMORY | 3);
        assertFault(read(GatosAddr.TYPE_BOTH), EventType.F_WALK_EABT, GatosParFault.REASON_CD, 0);
        assertFault(read(GatosAddr.TYPE_STAGE1), EventType.F_CD_FETCH, 0, 0);
        machine.memory.writeLong(slot, before);
        long[] words = machine.context(guest(table), Granule.K4, 48, ASID);
        context(words);
        machine.map(second, guest(table), TestMachine.NO_MEMORY, S2_RW);
        assertFault(read(GatosAddr.TYPE_BOTH), EventType.F_WALK_EABT, 0, 0);
    }

    @Test
    void permissionsAreThoseOfTheRequest() {
        long at = stage1Descriptor();
        long descriptor = machine.memory.readLong(at);
        machine.memory.writeLong(at, descriptor & ~(1L << 6) | 1L << 54 | 1L << 7);
        long user = GatosAddr.RNW.mask();
        long privileged = GatosAddr.PNU.mask();
        assertFault(write(GatosAddr.TYPE_BOTH, user), EventType.F_PERMISSION, 0, 0);
        assertEquals(page, GatosPar.ADDR.address(write(GatosAddr.TYPE_BOTH, user | privileged)));
        assertFault(write(GatosAddr.TYPE_BOTH, privileged), EventType.F_PERMISSION, 0, 0);
        long fetch = user | GatosAddr.IND.mask();
        assertFault(write(GatosAddr.TYPE_BOTH, fetch), EventType.F_PERMISSION, 0, 0);
        // InD is ignored for writes.
        machine.memory.writeLong(at, descriptor);
        assertEquals(page, GatosPar.ADDR.address(write(GatosAddr.TYPE_BOTH, GatosAddr.IND.mask())));
    }

    @Test
    void overridesOfTheStreamDoNotApply() {
        long[] words = machine.stage1Entry(contexts, 8);
        StreamTableEntry.PRIVCFG.put(words, 0, StreamTableEntry.PRIVCFG_PRIVILEGED);
        long plain = machine.newTable(Granule.K4);
        machine.map(plain, VA, page, TestMachine.PAGE_RW & ~(1L << 6));
        context(machine.context(plain, Granule.K4, 48, ASID));
        entry(words);
        assertEquals(
                DmaResult.complete(8),
                machine.port.read(PASID, Access.READ, VA, new byte[8], 0, 8));
        assertFault(read(GatosAddr.TYPE_STAGE1), EventType.F_PERMISSION, 0, 0);
    }

    @Test
    void theSizeIsTheLowestBitOfTheAddress() {
        for (Granule granule : Granule.values()) {
            for (int level = granule == Granule.K4 ? 1 : 2; level <= 3; level++) {
                int shift = granule.levelShift(level);
                long own = machine.newTable(granule);
                long va = VA & -1L << shift;
                machine.map(own, granule, 48, va, level, 1L << 40, TestMachine.PAGE_RW);
                stage1(machine.context(own, granule, 48, ASID));
                machine.command(0x30, 0); // TLBI_NSNH_ALL
                long par = read(GatosAddr.TYPE_STAGE1);
                assertEquals(shift > 12 ? 1 : 0, GatosPar.SIZE.get(par), granule + " " + level);
                long size = shift > 12 ? 1L << shift - 1 : 0;
                assertEquals(1L << 40 | size, GatosPar.ADDR.address(par), granule + " " + level);
            }
        }
    }

    @Test
    void attributesAreThoseOfTheTables() {
        long[] words = machine.context(guest(table), Granule.K4, 48, ASID);
        ContextDescriptor.MAIR0.put(words, 0, 0x44);
        context(words);
        // Stage 1 says Normal non-cacheable, stage 2 write-back.
        assertEquals(0x44, GatosPar.ATTR.get(read(GatosAddr.TYPE_STAGE1)));
        assertEquals(0x44, GatosPar.ATTR.get(read(GatosAddr.TYPE_BOTH)));
        long second2 = ask(TestMachine.STREAM, -1, guest(page), GatosAddr.TYPE_STAGE2, 1L << 8);
        assertEquals(0xff, GatosPar.ATTR.get(second2));
        assertEquals(3, GatosPar.SH.get(second2));
        ContextDescriptor.MAIR0.put(words, 0, 0x04);
        context(words);
        machine.invalidateConfiguration();
        long device = read(GatosAddr.TYPE_STAGE1);
        assertEquals(0x04, GatosPar.ATTR.get(device));
        assertEquals(2, GatosPar.SH.get(device), "Device memory is outer shareable");
    }

    @Test
    void anInhibitedUpdateTranslatesAndChangesNothing() {
        long[] words = machine.context(guest(table), Granule.K4, 48, ASID);
        ContextDescriptor.HA.put(words, 0, 1);
        ContextDescriptor.HD.put(words, 0, 1);
        context(words);
        long at = stage1Descriptor();
        long clean = (machine.memory.readLong(at) | DBM | 1L << 7) & ~AF;
        machine.memory.writeLong(at, clean);
        long inhibited = GatosAddr.HTTUI.mask();
        assertEquals(page, GatosPar.ADDR.address(write(GatosAddr.TYPE_BOTH, inhibited)));
        assertEquals(clean, machine.memory.readLong(at));
        // A transaction finds nothing cached that looks dirty.
        assertEquals(
                DmaResult.complete(8),
                machine.port.read(PASID, Access.READ, VA, new byte[8], 0, 8));
        assertEquals(clean | AF, machine.memory.readLong(at));
        assertEquals(page, GatosPar.ADDR.address(write(GatosAddr.TYPE_BOTH, 0)));
        assertEquals(clean & ~(1L << 7) | AF, machine.memory.readLong(at), "writable and dirty");
    }

    @Test
    void aBypassedStage1GivesTheAddressBack() {
        long[] words = machine.stage1Entry(guest(contexts), 8);
        StreamTableEntry.S1DSS.put(words, 0, StreamTableEntry.S1DSS_BYPASS);
        StreamTableEntry.EATS.put(words, 0, 0);
        entry(words);
        long par = ask(TestMachine.STREAM, -1, VA, GatosAddr.TYPE_STAGE1, 0);
        assertEquals(VA, GatosPar.ADDR.address(par));
        assertEquals(0, GatosPar.SIZE.get(par));
        par = ask(TestMachine.STREAM, -1, 1L << 52, GatosAddr.TYPE_STAGE1, 0);
        assertFault(par, EventType.F_ADDR_SIZE, 0, 0);
    }

    @Test
    void nothingRunsWhileTranslationIsDisabled() {
        long before = read(GatosAddr.TYPE_BOTH);
        machine.smmu.write(Register.CR0.offset(), 4, TestMachine.CMDQEN);
        machine.smmu.write(Register.GATOS_ADDR.offset(), 8, 0);
        machine.smmu.write(Register.GATOS_CTRL.offset(), 4, 1);
        assertEquals(0, machine.smmu.read(Register.GATOS_CTRL.offset(), 4));
        assertEquals(before, machine.smmu.read(Register.GATOS_PAR.offset(), 8));
    }

    @Test
    void aSmallSmmuKeepsNoBitsOfIdentifiersThatItDoesNotHave() {
        machine.smmu.write(Register.GATOS_SID.offset(), 8, -1L);
        assertEquals(0x001f_ffff_0000_ffffL, machine.smmu.read(Register.GATOS_SID.offset(), 8));
        SmmuProfile sva = SmmuProfile.sva();
        SmmuProfile plain =
                sva.withIdentification(sva.idr0(), 16, sva.idr3(), sva.idr5(), 0, sva.aidr());
        try (TestMachine other = new TestMachine(plain)) {
            other.smmu.write(Register.GATOS_SID.offset(), 8, -1L);
            assertEquals(0xffffL, other.smmu.read(Register.GATOS_SID.offset(), 8));
        }
    }

    /** Operations race with unmapping and with translation going off and on. */
    @Test
    void noOperationThatEndsAfterAnInvalidationKnowsWhatWasBefore() throws InterruptedException {
        long plain = machine.newTable(Granule.K4);
        stage1(machine.context(plain, Granule.K4, 48, ASID));
        AtomicBoolean end = new AtomicBoolean();
        Thread asking =
                new Thread(() -> {
                    while (!end.get()) {
                        machine.smmu.write(Register.GATOS_CTRL.offset(), 4, 1);
                    }
                });
        read(GatosAddr.TYPE_STAGE1);
        asking.start();
        Random random = new Random(1);
        try {
            for (int round = 0; round < 300; round++) {
                machine.map(plain, VA, page, TestMachine.PAGE_RW);
                machine.port.read(PASID, Access.READ, VA, new byte[8], 0, 8);
                machine.unmap(plain, VA);
                machine.invalidatePage(ASID, VA);
                if (random.nextInt(8) == 0) {
                    machine.smmu.write(Register.CR0.offset(), 4, TestMachine.CMDQEN);
                    assertEquals(0, machine.smmu.read(Register.GATOS_CTRL.offset(), 4));
                    machine.enable();
                }
                assertFault(ownAnswer(), EventType.F_TRANSLATION, 0, 0);
            }
        } finally {
            end.set(true);
            asking.join();
        }
    }

    /** The answer to an operation that began here: RUN was 0 before it. */
    private long ownAnswer() {
        machine.smmu.write(Register.GATOS_CTRL.offset(), 4, 1);
        while (machine.smmu.read(Register.GATOS_CTRL.offset(), 4) != 0) {
            Thread.onSpinWait();
        }
        machine.smmu.write(Register.GATOS_CTRL.offset(), 4, 1);
        while (machine.smmu.read(Register.GATOS_CTRL.offset(), 4) != 0) {
            Thread.onSpinWait();
        }
        return machine.smmu.read(Register.GATOS_PAR.offset(), 8);
    }
}
