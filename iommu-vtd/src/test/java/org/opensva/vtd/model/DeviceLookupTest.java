package org.opensva.vtd.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.opensva.vtd.model.TranslationBench.NOWHERE;
import static org.opensva.vtd.model.TranslationBench.PWSNP;
import static org.opensva.vtd.model.TranslationBench.RID;
import static org.opensva.vtd.model.TranslationBench.assertFaults;
import static org.opensva.vtd.model.TranslationBench.assertRecords;
import static org.opensva.vtd.model.TranslationBench.assertTranslates;

import org.junit.jupiter.api.Test;
import org.opensva.api.memory.Access;
import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
import org.opensva.vtd.layout.ControlRegisters.Rtaddr;
import org.opensva.vtd.layout.FaultReason;

/** From the source id and the PASID to the entry that says how to translate, in both modes. */
class DeviceLookupTest {

    private static final long VA = 0x12_3456_7000L;
    private static final long PAGE = 0x5000_0000L;
    private static final int[] DEVICES = {0x0000, 0x007f, 0x0080, 0x00ff, 0xff00, 0xff7f, 0xffff};

    private TranslationBench bench = new TranslationBench();

    private void forget() {
        bench.unit.invalidateContext(1, 0, 0, 0);
        bench.unit.invalidatePasid(3, 0, 0);
        bench.unit.invalidateIotlb(1, 0, 0, 0, false);
    }

    private void set(long at, long value) {
        bench.memory.writeLong(at, value);
        forget();
    }

    @Test
    void everyDeviceAndEveryPasidHasAnEntryOfItsOwn() {
        int[] pasids = {0, 1, 63, 64, 8191, 8192, (1 << 20) - 1};
        long page = PAGE;
        for (int rid : DEVICES) {
            bench.scalable(rid);
            for (int pasid : pasids) {
                long table = bench.page();
                bench.firstStage(rid, pasid, table, 4, 1);
                bench.mapFirst(table, 4, VA, page);
                page += 4096;
            }
        }
        bench.scalableMode();
        long expected = PAGE;
        for (int rid : DEVICES) {
            for (int pasid : pasids) {
                // One domain for all: entries of different devices with one PASID are the same to
                // the caches, so each answer is asked for with empty ones.
                forget();
                assertTranslates(expected, bench.ask(rid, pasid, VA, Access.READ));
                expected += 4096;
            }
        }
    }

    @Test
    void everyDeviceHasALegacyContextOfItsOwn() {
        long page = PAGE;
        int domain = 1;
        for (int rid : DEVICES) {
            long table = bench.page();
            bench.legacy(rid, 0, table, 2, domain++);
            bench.mapSecond(table, 4, VA, page);
            page += 4096;
        }
        bench.legacyMode();
        long expected = PAGE;
        for (int rid : DEVICES) {
            assertTranslates(expected, bench.ask(rid, -1, VA, Access.READ));
            expected += 4096;
        }
    }

    @Test
    void translationOffMeansIdentity() {
        bench.unit.rootTable(NOWHERE);
        assertTranslates(VA | 0xabc, bench.write(3, VA | 0xabc));
        assertTrue(bench.out.passThrough);
        bench.unit.translateForAts(RID, -1, VA, Access.READ, bench.out);
        assertFalse(bench.out.ok);
        assertEquals(Translation.AtsStatus.UNSUPPORTED_REQUEST, bench.out.atsStatus);
        assertFalse(bench.out.recordFault);
        bench.unit.checkTranslated(RID, -1, VA, Access.READ, bench.out);
        assertFalse(bench.out.ok);
    }

    @Test
    void theTableModeDecidesBeforeAnyTableIsRead() {
        bench.unit.enable(true);
        bench.unit.rootTable(NOWHERE | (long) Rtaddr.TTM_RESERVED << 10);
        assertRecords(FaultReason.TABLE_MODE_INVALID, true, bench.read(-1, VA));
        bench.unit.rootTable(NOWHERE | (long) Rtaddr.TTM_ABORT_DMA << 10);
        assertFalse(bench.read(-1, VA).ok);
        assertFalse(bench.out.recordFault);
        assertEquals(0, bench.out.faultReason);
        bench.unit.rootTable(NOWHERE);
        assertRecords(FaultReason.TABLE_MODE_FORBIDS_PASID, true, bench.read(3, VA));
        assertRecords(FaultReason.ROOT_ACCESS, true, bench.read(-1, VA));
        assertEquals(
                FaultReason.TABLE_MODE_FORBIDS_PAGE_REQUEST.code(),
                bench.unit.checkPageRequest(RID, 3, bench.out));
        bench.unit.rootTable(NOWHERE | (long) Rtaddr.TTM_SCALABLE << 10);
        assertRecords(FaultReason.SCALABLE_ROOT_ACCESS, true, bench.read(3, VA));
    }

    @Test
    void modesThatTheUnitDoesNotClaimAreInvalid() {
        VtdProfile all = VtdProfile.sva();
        long ecap = Ecap.C.mask() | Ecap.QI.mask() | Ecap.PT.mask() | Ecap.IRO.place(0x20);
        long cap = all.capability() & ~Cap.FS1GP.mask() & ~Cap.FS5LP.mask() & ~Cap.PI.mask();
        cap &= ~Cap.ECMDS.mask() & ~Cap.ESIRTPS.mask();
        bench = new TranslationBench(all.withIdentification(0x10, cap, ecap | Ecap.ADMS.mask()));
        bench.unit.enable(true);
        bench.unit.rootTable(bench.root() | (long) Rtaddr.TTM_SCALABLE << 10);
        assertRecords(FaultReason.TABLE_MODE_INVALID, true, bench.read(-1, VA));
        bench = new TranslationBench(all.withIdentification(0x10, cap, ecap));
        bench.unit.enable(true);
        for (int mode : new int[] {Rtaddr.TTM_SCALABLE, Rtaddr.TTM_ABORT_DMA}) {
            bench.unit.rootTable(bench.root() | (long) mode << 10);
            assertRecords(FaultReason.TABLE_MODE_INVALID, true, bench.read(-1, VA));
        }
    }

    @Test
    void tablesThatAreNotThereOrCannotBeReadHaveTheirReasonsInLegacyMode() {
        long table = bench.page();
        bench.legacy(RID, 0, table, 2, 1);
        bench.legacyMode();
        long root = bench.root() + 16;
        long context = bench.legacyContext(RID);
        for (int fpd = 0; fpd <= 1; fpd++) {
            long w0 = table | fpd << 1;
            set(context, w0 | 1);
            boolean told = fpd == 0;
            long rootEntry = bench.memory.peek(root);
            set(root, -1L << 12 & ~1 & 0xffffff000L);
            assertRecords(FaultReason.ROOT_NOT_PRESENT, true, bench.read(-1, VA));
            set(root, NOWHERE | 1);
            assertRecords(FaultReason.CONTEXT_ACCESS, true, bench.read(-1, VA));
            set(root, rootEntry);
            set(context, w0);
            assertRecords(FaultReason.CONTEXT_NOT_PRESENT, told, bench.read(-1, VA));
            set(context, w0 | 3 << 2 | 1);
            assertRecords(FaultReason.CONTEXT_INVALID, told, bench.read(-1, VA));
            set(context, w0 | 1);
            assertRecords(FaultReason.READ_DENIED, told, bench.read(-1, VA));
            assertRecords(FaultReason.WRITE_DENIED, told, bench.write(-1, VA));
            assertRecords(FaultReason.ADDRESS_BEYOND_WIDTH, told, bench.read(-1, 1L << 48));
            set(context, NOWHERE | fpd << 1 | 1);
            assertRecords(FaultReason.CONTEXT_INVALID, told, bench.read(-1, VA));
        }
    }

    @Test
    void faultsDisabledAnywhereOnTheWayHidesQualifiedFaultsOnly() {
        bench.scalable(RID);
        long first = bench.page();
        bench.firstStage(RID, 3, first, 4, 1);
        bench.scalableMode();
        long context = bench.scalableContext(RID);
        long directory = bench.memory.peek(context) & -4096L;
        long entry = bench.pasidEntry(RID, 3);
        long[] places = {context, directory, entry};
        long[] good = {bench.memory.peek(context), bench.memory.peek(directory), 1L << 6 | 1};
        FaultReason[] absent = {
            FaultReason.SCALABLE_CONTEXT_NOT_PRESENT,
            FaultReason.PASID_DIRECTORY_NOT_PRESENT,
            FaultReason.PASID_ENTRY_NOT_PRESENT
        };
        FaultReason[] reserved = {
            FaultReason.SCALABLE_CONTEXT_RESERVED,
            FaultReason.PASID_DIRECTORY_RESERVED,
            FaultReason.PASID_ENTRY_RESERVED
        };
        FaultReason[] unreadable = {
            FaultReason.SCALABLE_CONTEXT_ACCESS,
            FaultReason.PASID_DIRECTORY_ACCESS,
            FaultReason.PASID_ENTRY_ACCESS
        };
        long half = bench.root() + 16 + 8;
        long goodHalf = bench.memory.peek(half);
        for (int fpd = 0; fpd < 8; fpd++) {
            for (int stage = 0; stage < 3; stage++) {
                for (int n = 0; n < 3; n++) {
                    set(places[n], good[n] | (fpd >>> n & 1) << 1);
                }
                // What has been read so far counts, the failing entry included.
                boolean told = (fpd & (2 << stage) - 1) == 0;
                long now = bench.memory.peek(places[stage]);
                set(places[stage], now & ~1);
                assertRecords(absent[stage], told, bench.read(3, VA));
                set(places[stage], now | (stage == 0 ? 1 << 5 : stage == 1 ? 1 << 2 : 1 << 5));
                assertRecords(reserved[stage], told, bench.read(3, VA));
                set(places[stage], now);
                // That an entry cannot be read is always told.
                long above = stage == 0 ? half : places[stage - 1];
                long before = bench.memory.peek(above);
                set(above, NOWHERE | before & 0xfff);
                assertRecords(unreadable[stage], true, bench.read(3, VA));
                set(above, before);
            }
            boolean told = fpd == 0;
            assertRecords(FaultReason.FIRST_STAGE_NOT_PRESENT, told, bench.read(3, VA));
            // And again, with the entries from the caches.
            assertRecords(FaultReason.FIRST_STAGE_NOT_PRESENT, told, bench.read(3, VA));
        }
        assertEquals(goodHalf, bench.memory.peek(half));
        set(half, goodHalf & ~1);
        assertRecords(FaultReason.SCALABLE_ROOT_NOT_PRESENT, true, bench.read(3, VA));
    }

    @Test
    void theDirectorySizeBoundsPasidsAndTheStandInForNone() {
        bench.scalable(RID);
        bench.scalableMode();
        long context = bench.scalableContext(RID);
        long directory = bench.memory.peek(context) & -4096L;
        for (int size = 0; size <= 7; size++) {
            int limit = 1 << size + 13;
            set(context, directory | size << 9 | 0b11101);
            set(context + 8, 0);
            assertFaults(FaultReason.PASID_DIRECTORY_NOT_PRESENT, bench.read(limit - 1, VA));
            if (size < 7) {
                assertFaults(FaultReason.PASID_BEYOND_DIRECTORY, bench.read(limit, VA));
                set(context + 8, limit);
                assertFaults(FaultReason.SCALABLE_CONTEXT_INVALID, bench.read(-1, VA));
            }
            set(context + 8, limit - 1);
            assertFaults(FaultReason.PASID_DIRECTORY_NOT_PRESENT, bench.read(-1, VA));
        }
    }

    @Test
    void aUnitWithNarrowPasidsRefusesWideOnes() {
        VtdProfile all = VtdProfile.sva();
        long ecap = Ecap.PSS.set(all.extendedCapability(), 15 - 1);
        bench = new TranslationBench(all.withIdentification(0x60, all.capability(), ecap));
        bench.scalable(RID);
        bench.scalableMode();
        assertFaults(FaultReason.PASID_DIRECTORY_NOT_PRESENT, bench.read((1 << 15) - 1, VA));
        assertFaults(FaultReason.PASID_BEYOND_DIRECTORY, bench.read(1 << 15, VA));
    }

    @Test
    void aRequestWithoutPasidUsesThePasidAndThePrivilegeOfTheContext() {
        bench.scalable(RID);
        long first = bench.page();
        bench.firstStage(RID, 0x12345, first, 4, 1);
        bench.mapFirst(first, 4, VA, PAGE);
        bench.scalableMode();
        long context = bench.scalableContext(RID);
        set(context + 8, 0x12345);
        assertTranslates(PAGE, bench.read(-1, VA));
        assertFalse(bench.out.privileged);
        set(context + 8, 0x12345 | 1 << 20);
        assertFaults(FaultReason.SUPERVISOR_DISABLED, bench.read(-1, VA));
        set(bench.pasidEntry(RID, 0x12345) + 16, first | 1);
        assertTranslates(PAGE, bench.read(-1, VA));
        assertEquals(Access.PRIVILEGED, bench.out.rights & Access.PRIVILEGED);
        // The request's own privilege needs a PASID.
        set(context + 8, 0x12345);
        bench.ask(RID, -1, VA, Access.READ | Access.PRIVILEGED);
        assertFalse(bench.out.privileged);
    }

    @Test
    void aContextServesPasidsDeviceTlbsAndPageRequestsOnlyIfItSaysSo() {
        bench.scalable(RID);
        long first = bench.page();
        bench.firstStage(RID, 3, first, 4, 1);
        bench.firstStage(RID, 0, first, 4, 1);
        bench.mapFirst(first, 4, VA, PAGE);
        bench.scalableMode();
        long context = bench.scalableContext(RID);
        long all = bench.memory.peek(context);
        set(context, all & ~(1 << 3));
        assertFaults(FaultReason.PASID_DISABLED, bench.read(3, VA));
        assertTranslates(PAGE, bench.read(-1, VA));
        assertEquals(
                FaultReason.PASID_DISABLED.code(), bench.unit.checkPageRequest(RID, 3, bench.out));
        assertEquals(0, bench.unit.checkPageRequest(RID, -1, bench.out));
        set(context, all & ~(1 << 2));
        assertTranslates(PAGE, bench.read(3, VA));
        assertFaults(FaultReason.DEVICE_TLB_DISABLED, bench.askAts(RID, 3, VA, Access.READ));
        assertEquals(Translation.AtsStatus.UNSUPPORTED_REQUEST, bench.out.atsStatus);
        assertTrue(bench.out.recordFault);
        bench.unit.checkTranslated(RID, -1, PAGE, Access.WRITE, bench.out);
        assertFaults(FaultReason.DEVICE_TLB_DISABLED, bench.out);
        set(context, all);
        bench.unit.checkTranslated(RID, -1, PAGE, Access.WRITE, bench.out);
        assertTranslates(PAGE, bench.out);
        assertEquals(0, bench.unit.checkPageRequest(RID, 3, bench.out));
        assertTrue(bench.out.ok);
        set(context, all & ~(1 << 4) | 2);
        assertEquals(
                FaultReason.PAGE_REQUEST_DISABLED.code(),
                bench.unit.checkPageRequest(RID, 3, bench.out));
        assertFalse(bench.out.recordFault, "FPD is set");
        set(context, all & ~(7 << 9));
        assertEquals(
                FaultReason.PASID_BEYOND_DIRECTORY.code(),
                bench.unit.checkPageRequest(RID, 1 << 13, bench.out));
    }

    @Test
    void legacyTranslationTypesSayWhoIsServed() {
        long table = bench.page();
        bench.mapSecond(table, 4, VA, PAGE);
        bench.legacyMode();
        bench.legacy(RID, 0, table, 2, 1);
        assertTranslates(PAGE, bench.read(-1, VA));
        assertFaults(FaultReason.REQUEST_BLOCKED, bench.askAts(RID, -1, VA, Access.READ));
        bench.unit.checkTranslated(RID, -1, PAGE, Access.READ, bench.out);
        assertFaults(FaultReason.REQUEST_BLOCKED, bench.out);
        bench.legacy(RID, 1, table, 2, 1);
        forget();
        assertTranslates(PAGE, bench.read(-1, VA));
        assertTranslates(PAGE, bench.askAts(RID, -1, VA, Access.READ | Access.WRITE));
        assertEquals(Access.READ | Access.WRITE, bench.out.rights & 3);
        bench.unit.checkTranslated(RID, -1, PAGE, Access.READ, bench.out);
        assertTranslates(PAGE, bench.out);
        ShortWay shortWay = bench.unit.shortWay();
        assertTrue(shortWay.hitTranslated(RID, PAGE, 0x1_0000, bench.out));
        assertTrue(shortWay.hitTranslated(RID, 0xfedf_f000L, 0x1000, bench.out));
        assertFalse(shortWay.hitTranslated(RID, 0xfedf_f000L, 0x1001, bench.out));
        assertFalse(shortWay.hitTranslated(RID, 0xfeef_ffffL, 0x1000, bench.out));
        assertTrue(shortWay.hitTranslated(RID, (1L << 52) - 8, 8, bench.out));
        assertFalse(shortWay.hitTranslated(RID, (1L << 52) - 8, 9, bench.out));
        assertFalse(shortWay.hitTranslated(RID, -8, 16, bench.out));
        bench.legacy(RID, 2, -1L << 12, 2, 1);
        forget();
        assertTranslates(VA | 5, bench.write(-1, VA | 5));
        assertTrue(bench.out.passThrough);
        assertFaults(FaultReason.INTERRUPT_RANGE, bench.read(-1, 0xfee0_0000L));
        assertFaults(FaultReason.ADDRESS_BEYOND_WIDTH, bench.read(-1, 1L << 52));
        assertFaults(FaultReason.REQUEST_BLOCKED, bench.askAts(RID, -1, VA, Access.READ));
    }

    @Test
    void typesAndWidthsThatTheUnitDoesNotHaveAreInvalid() {
        VtdProfile all = VtdProfile.sva();
        long cap = Cap.SAGAW.set(all.withFiveLevel(false).capability(), 0b0100);
        long ecap = all.extendedCapability() & ~Ecap.PT.mask() & ~Ecap.NEST.mask();
        bench = new TranslationBench(all.withIdentification(0x60, cap, ecap));
        bench.scalable(RID);
        bench.scalableMode();
        long table = bench.page();
        for (int type = 0; type < 8; type++) {
            for (int aw = 0; aw < 8; aw++) {
                for (int mode = 0; mode < 4; mode++) {
                    bench.pasid(RID, 3, type << 6 | aw << 2 | table, PWSNP, table | mode << 2);
                    forget();
                    boolean valid = type == 1 && mode == 0 || type == 2 && aw == 2;
                    FaultReason reason =
                            !valid
                                    ? FaultReason.PASID_ENTRY_INVALID
                                    : type == 1
                                            ? FaultReason.FIRST_STAGE_NOT_PRESENT
                                            : FaultReason.SCALABLE_SECOND_STAGE_DENIED;
                    assertFaults(reason, bench.read(3, VA));
                }
            }
        }
        for (int type = 0; type < 4; type++) {
            for (int aw = 0; aw < 8; aw++) {
                bench = new TranslationBench(all.withIdentification(0x60, cap, ecap));
                bench.legacy(RID, type, bench.page(), aw, 1);
                bench.legacyMode();
                boolean valid = type < 2 && aw == 2;
                FaultReason reason = valid ? FaultReason.READ_DENIED : FaultReason.CONTEXT_INVALID;
                assertFaults(reason, bench.read(-1, VA));
            }
        }
    }

    @Test
    void scalablePassThroughKeepsToMemory() {
        bench.scalable(RID);
        bench.pasid(RID, 3, 4 << 6, 7, 0);
        bench.scalableMode();
        assertTranslates(VA | 9, bench.write(3, VA | 9));
        assertTranslates((1L << 52) - 1, bench.write(3, (1L << 52) - 1));
        assertFaults(FaultReason.SCALABLE_ADDRESS_BEYOND_WIDTH, bench.read(3, 1L << 52));
        for (long at : new long[] {0xfee0_0000L, 0xfeef_ffffL}) {
            assertFaults(FaultReason.SCALABLE_INTERRUPT_RANGE, bench.read(3, at));
        }
        for (long at : new long[] {0xfedf_ffffL, 0xfef0_0000L, 0x1_fee0_0000L}) {
            assertTranslates(at, bench.read(3, at));
            long start = at & -1L << bench.out.pageShift;
            long end = start + (1L << bench.out.pageShift);
            assertFalse(start <= 0xfee0_0000L && 0xfee0_0000L < end, "holds the interrupt range");
        }
    }

    @Test
    void everyPasidHasATranslationTypeOfItsOwn() {
        bench.scalable(RID);
        long first = bench.page();
        long second = bench.page();
        long nestedFirst = bench.page();
        bench.firstStage(RID, 1, first, 4, 10);
        bench.secondStage(RID, 2, second, 3, 11);
        bench.nested(RID, 3, nestedFirst, 4, second, 3, 11);
        bench.pasid(RID, 4, 4 << 6, 12, 0);
        bench.mapFirst(first, 4, VA, 0x1_0000_0000L);
        bench.mapSecond(second, 3, VA, 0x2_0000_0000L);
        // The guest's tables are where they are, the guest's page elsewhere.
        bench.mapFirst(nestedFirst, 4, VA, VA);
        for (int level = 4; level >= 1; level--) {
            long table = bench.entry(nestedFirst, 4, level, VA, 7) & -4096L;
            bench.mapSecond(second, 3, table, table);
        }
        bench.scalableMode();
        for (int round = 0; round < 2; round++) {
            assertTranslates(0x1_0000_0000L, bench.read(1, VA));
            assertTranslates(0x2_0000_0000L, bench.read(2, VA));
            assertTranslates(0x2_0000_0000L, bench.read(3, VA));
            assertTranslates(VA, bench.read(4, VA));
        }
    }
}
