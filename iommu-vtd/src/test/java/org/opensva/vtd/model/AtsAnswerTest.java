package org.opensva.vtd.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.opensva.vtd.model.TranslationBench.NOWHERE;
import static org.opensva.vtd.model.TranslationBench.PWSNP;
import static org.opensva.vtd.model.TranslationBench.RID;
import static org.opensva.vtd.model.TranslationBench.SSADE;
import static org.opensva.vtd.model.TranslationBench.USER_RW;
import static org.opensva.vtd.model.TranslationBench.assertFaults;
import static org.opensva.vtd.model.TranslationBench.assertTranslates;

import org.junit.jupiter.api.Test;
import org.opensva.api.memory.Access;
import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
import org.opensva.vtd.layout.FaultReason;
import org.opensva.vtd.layout.InvalidationDescriptor;

/** What a device that asks for a translation is told, and what software is told about it. */
class AtsAnswerTest {

    private static final long VA = 0x7f12_3456_7000L;
    private static final long PAGE = 0x5000_0000L;
    private static final int PASID = 3;
    private static final long D = 1 << 6;
    private static final int READ_WRITE = Access.READ | Access.WRITE;

    private TranslationBench bench = new TranslationBench();
    private long table;

    AtsAnswerTest() {
        build(VtdProfile.sva());
    }

    private void build(VtdProfile profile) {
        bench = new TranslationBench(profile.withCaches(256, 256, 16, 16));
        table = bench.page();
        bench.scalable(RID);
        bench.firstStage(RID, PASID, table, 4, 9);
        bench.mapFirst(table, 4, VA, PAGE);
        bench.scalableMode();
    }

    private long leaf() {
        return bench.entry(table, 4, 1, VA, USER_RW);
    }

    private void leaf(long bits) {
        bench.memory.writeLong(leaf(), PAGE | bits);
        forget();
    }

    private void forget() {
        bench.unit.invalidateContext(InvalidationDescriptor.CC_GLOBAL, 0, 0, 0);
        bench.unit.invalidatePasid(InvalidationDescriptor.PC_GLOBAL, 0, 0);
        bench.unit.invalidateIotlb(InvalidationDescriptor.IOTLB_GLOBAL, 0, 0, 0, false);
    }

    private void assertSilentSuccess(FaultReason why) {
        assertTrue(bench.out.ok);
        assertEquals(0, bench.out.rights & READ_WRITE);
        assertEquals(why, FaultReason.of(bench.out.faultReason));
        assertFalse(bench.out.recordFault);
        assertEquals(Translation.AtsStatus.SUCCESS, bench.out.atsStatus);
    }

    private void assertRefused(Translation.AtsStatus status, FaultReason reason) {
        assertFaults(reason, bench.out);
        assertEquals(status, bench.out.atsStatus);
        assertTrue(bench.out.recordFault);
    }

    @Test
    void theAnswerHasTheRightsThatThereAre() {
        leaf(5);
        assertTranslates(PAGE, bench.askAts(RID, PASID, VA, READ_WRITE));
        assertEquals(Access.READ, bench.out.rights);
        leaf(7);
        assertTranslates(PAGE, bench.askAts(RID, PASID, VA, READ_WRITE));
        assertEquals(READ_WRITE, bench.out.rights);
    }

    @Test
    void executeIsGrantedWhereItIsServedAndNotDenied() {
        assertTranslates(PAGE, bench.askAts(RID, PASID, VA, Access.READ));
        assertEquals(0, bench.out.rights & Access.EXECUTE);
        bench.memory.writeLong(bench.pasidEntry(RID, PASID) + 16, table | 2);
        forget();
        assertTranslates(PAGE, bench.askAts(RID, PASID, VA, Access.READ | Access.EXECUTE));
        assertEquals(Access.EXECUTE, bench.out.rights & Access.EXECUTE);
        leaf(7 | 1L << 63);
        assertTranslates(PAGE, bench.askAts(RID, PASID, VA, Access.READ | Access.EXECUTE));
        assertEquals(Access.READ, bench.out.rights & (Access.READ | Access.EXECUTE));
    }

    @Test
    void onlyAWishToWriteMakesAPageDirtyAndWithoutItACleanPageIsReadOnly() {
        assertTranslates(PAGE, bench.askAts(RID, PASID, VA, Access.READ));
        assertEquals(Access.READ, bench.out.rights);
        assertEquals(0, bench.memory.peek(leaf()) & D);
        assertTranslates(PAGE, bench.askAts(RID, PASID, VA, READ_WRITE));
        assertEquals(READ_WRITE, bench.out.rights);
        assertEquals(D, bench.memory.peek(leaf()) & D);
        // A page that is dirty already may as well be written.
        assertTranslates(PAGE, bench.askAts(RID, PASID, VA, Access.READ));
        assertEquals(READ_WRITE, bench.out.rights);
    }

    @Test
    void withoutTheNoWriteFlagEveryRequestIsAWishToWrite() {
        VtdProfile all = VtdProfile.sva();
        long ecap = all.extendedCapability() & ~Ecap.NWFS.mask();
        build(all.withIdentification(0x60, all.capability(), ecap));
        assertTranslates(PAGE, bench.askAts(RID, PASID, VA, Access.READ));
        assertEquals(READ_WRITE, bench.out.rights);
        assertEquals(D, bench.memory.peek(leaf()) & D);
    }

    @Test
    void whatAPageRequestCanCureIsNoFault() {
        leaf(0);
        bench.askAts(RID, PASID, VA, READ_WRITE);
        assertSilentSuccess(FaultReason.FIRST_STAGE_NOT_PRESENT);
        leaf(3);
        bench.askAts(RID, PASID, VA, READ_WRITE);
        assertSilentSuccess(FaultReason.USER_DENIED);
        bench.askAts(RID, PASID, 1L << 50, READ_WRITE);
        assertSilentSuccess(FaultReason.NOT_CANONICAL);
        long entry = bench.pasidEntry(RID, PASID);
        bench.memory.writeLong(entry, 0);
        forget();
        bench.askAts(RID, PASID, VA, READ_WRITE);
        assertSilentSuccess(FaultReason.PASID_ENTRY_NOT_PRESENT);
        bench.askAts(RID, 1 << 19, VA, READ_WRITE);
        assertSilentSuccess(FaultReason.PASID_DIRECTORY_NOT_PRESENT);
        long second = bench.page();
        bench.secondStage(RID, PASID, second, 4, 9);
        bench.askAts(RID, PASID, 0x1000, READ_WRITE);
        assertSilentSuccess(FaultReason.SCALABLE_SECOND_STAGE_DENIED);
    }

    @Test
    void brokenTablesEndInACompleterAbort() {
        leaf(USER_RW | 1L << 63 | 7);
        long upper = bench.entry(table, 4, 3, VA, 0);
        long before = bench.memory.peek(upper);
        bench.memory.writeLong(upper, NOWHERE | USER_RW);
        forget();
        bench.askAts(RID, PASID, VA, READ_WRITE);
        assertRefused(Translation.AtsStatus.COMPLETER_ABORT, FaultReason.FIRST_STAGE_ACCESS);
        bench.memory.writeLong(upper, before);
        bench.memory.writeLong(
                bench.entry(table, 4, 4, VA, 0),
                bench.memory.peek(bench.entry(table, 4, 4, VA, 0)) | 0x80);
        forget();
        bench.askAts(RID, PASID, VA, READ_WRITE);
        assertRefused(Translation.AtsStatus.COMPLETER_ABORT, FaultReason.FIRST_STAGE_RESERVED);
        bench.memory.writeLong(bench.pasidEntry(RID, PASID), 7 << 6 | 1);
        forget();
        bench.askAts(RID, PASID, VA, READ_WRITE);
        assertRefused(Translation.AtsStatus.COMPLETER_ABORT, FaultReason.PASID_ENTRY_INVALID);
    }

    @Test
    void aDeviceThatIsNotServedGetsAnUnsupportedRequest() {
        bench.askAts(0x9999, PASID, VA, READ_WRITE);
        assertRefused(
                Translation.AtsStatus.UNSUPPORTED_REQUEST, FaultReason.SCALABLE_ROOT_NOT_PRESENT);
        long context = bench.scalableContext(RID);
        long before = bench.memory.peek(context);
        bench.memory.writeLong(context, before & ~(1 << 3));
        forget();
        bench.askAts(RID, PASID, VA, READ_WRITE);
        assertRefused(Translation.AtsStatus.UNSUPPORTED_REQUEST, FaultReason.PASID_DISABLED);
        bench.memory.writeLong(context, before & ~1);
        forget();
        bench.askAts(RID, PASID, VA, READ_WRITE);
        assertRefused(
                Translation.AtsStatus.UNSUPPORTED_REQUEST,
                FaultReason.SCALABLE_CONTEXT_NOT_PRESENT);
    }

    @Test
    void theInterruptRangeIsForUntranslatedWritesUnlessThereIsAPasid() {
        bench.firstStage(RID, 0, table, 4, 9);
        assertTranslates(0xfee0_1000L, bench.askAts(RID, -1, 0xfee0_1000L, READ_WRITE));
        assertTrue(bench.out.untranslatedOnly);
        assertEquals(Access.WRITE, bench.out.rights);
        bench.mapFirst(table, 4, 0xfee0_1000L, PAGE);
        assertTranslates(PAGE, bench.askAts(RID, PASID, 0xfee0_1000L, READ_WRITE));
        assertFalse(bench.out.untranslatedOnly);
    }

    @Test
    void aSupervisorIsToldItsOwnRights() {
        leaf(1);
        int privileged = READ_WRITE | Access.PRIVILEGED;
        bench.askAts(RID, PASID, VA, privileged);
        assertRefused(Translation.AtsStatus.UNSUPPORTED_REQUEST, FaultReason.SUPERVISOR_DISABLED);
        bench.memory.writeLong(bench.pasidEntry(RID, PASID) + 16, table | 1 | 1 << 4);
        forget();
        assertTranslates(PAGE, bench.askAts(RID, PASID, VA, privileged));
        assertEquals(Access.READ | Access.PRIVILEGED, bench.out.rights);
    }

    @Test
    void secondStageAnswersWithItsRightsAndItsDirtyFlag() {
        long second = bench.page();
        bench.pasid(RID, PASID, 2L << 6 | second | 2 << 2 | SSADE, PWSNP | 9, 0);
        forget();
        bench.mapSecond(second, 4, 0x1000, PAGE);
        long entry = bench.entry(second, 4, 1, 0x1000, 3);
        assertTranslates(PAGE, bench.askAts(RID, PASID, 0x1000, Access.READ));
        assertEquals(Access.READ, bench.out.rights & READ_WRITE);
        assertTranslates(PAGE, bench.askAts(RID, PASID, 0x1000, READ_WRITE));
        assertEquals(READ_WRITE, bench.out.rights & READ_WRITE);
        assertEquals(3 << 8, bench.memory.peek(entry) & 3 << 8);
        bench.memory.writeLong(entry, PAGE | 2);
        forget();
        assertTranslates(PAGE, bench.askAts(RID, PASID, 0x1000, READ_WRITE));
        assertEquals(Access.WRITE, bench.out.rights & READ_WRITE);
    }

    @Test
    void passThroughAnswersWithIdentity() {
        bench.pasid(RID, PASID, 4L << 6, 9, 0);
        forget();
        assertTranslates(VA, bench.askAts(RID, PASID, VA, READ_WRITE));
        assertEquals(READ_WRITE, bench.out.rights & READ_WRITE);
        bench.askAts(RID, PASID, 0xfee0_0000L, READ_WRITE);
        assertFaults(FaultReason.SCALABLE_INTERRUPT_RANGE, bench.out);
    }
}
