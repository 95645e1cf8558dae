package org.opensva.vtd.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.opensva.api.ats.PageRequest;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.DmaStatus;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.Access;
import org.opensva.api.telemetry.HardwareCounter;
import org.opensva.vtd.layout.EventRegisters.EventControl;
import org.opensva.vtd.layout.EventRegisters.Fsts;
import org.opensva.vtd.layout.FaultReason;
import org.opensva.vtd.layout.FaultRecord;
import org.opensva.vtd.layout.Register;
import org.opensva.vtd.layout.RelocatedRegister;

import java.util.List;

/** Fault records, their status and their event (sections 7.2, 7.3 and 11.4.7). */
class FaultRecordingTest {

    private static final int RECORDS = 8;

    private final TestUnit t = new TestUnit();
    private final TestDevice device = new TestDevice(t.unit, 0x0100);
    private final byte[] data = new byte[8];

    @BeforeEach
    void everyRequestFaults() {
        t.scalableMode();
        t.set(Register.FEADDR, 0xfee0_1000L);
        t.set(Register.FEUADDR, 0x2);
        t.set(Register.FEDATA, 0x41);
    }

    private void unmask() {
        t.set(Register.FECTL, 0);
    }

    private void fault(int pasid, long address) {
        long result = device.port.write(pasid, Access.WRITE, address, data, 0, 4);
        assertEquals(DmaStatus.ABORTED, DmaResult.status(result));
        assertEquals(0, DmaResult.bytes(result));
    }

    private boolean pending() {
        return EventControl.IP.isSet(t.get(Register.FECTL));
    }

    @Test
    void aRecordSaysWhoWantedWhatWhereAndWhyNot() {
        device.port.read(Pasid.NONE, Access.READ, 0x1234_5678, data, 0, 4);
        t.assertFault(FaultReason.SCALABLE_ROOT_NOT_PRESENT, 0x0100);
        long[] read = t.takeFault();
        assertEquals(0x1234_5000, FaultRecord.address(read[0]));
        assertEquals(FaultRecord.TYPE_READ, FaultRecord.type(read[1]));
        assertFalse(FaultRecord.PP.isSet(read[1]));
        assertEquals(FaultRecord.AT_UNTRANSLATED, FaultRecord.AT.get(read[1]));

        fault(0xabcde, 0x7fff_ffff_f008L);
        long[] write = t.takeFault();
        assertEquals(0x7fff_ffff_f000L, FaultRecord.address(write[0]));
        assertEquals(FaultRecord.TYPE_WRITE, FaultRecord.type(write[1]));
        assertTrue(FaultRecord.PP.isSet(write[1]));
        assertEquals(0xabcde, FaultRecord.pasid(write[1]));
        assertFalse(FaultRecord.EXE.isSet(write[1]));
        assertFalse(FaultRecord.PRIV.isSet(write[1]));
    }

    @Test
    void executionAndPrivilegeAreInRecordsOfRequestsWithPasidOnly() {
        int access = Access.EXECUTE | Access.PRIVILEGED;
        device.port.read(5, access, 0x1000, data, 0, 4);
        long with = t.takeFault()[1];
        assertTrue(FaultRecord.EXE.isSet(with));
        assertTrue(FaultRecord.PRIV.isSet(with));
        device.port.read(Pasid.NONE, access, 0x1000, data, 0, 4);
        long without = t.takeFault()[1];
        assertFalse(FaultRecord.EXE.isSet(without));
        assertFalse(FaultRecord.PRIV.isSet(without));
    }

    @Test
    void theAddressTypeTellsTranslatedRequestsAndTranslationRequestsApart() {
        device.port.writeTranslated(0x5000, data, 0, 4);
        long translated = t.takeFault()[1];
        assertEquals(FaultRecord.AT_TRANSLATED, FaultRecord.AT.get(translated));
        assertEquals(FaultRecord.TYPE_WRITE, FaultRecord.type(translated));
        device.port.translate(3, Access.READ, 0x6000, new long[1]);
        long[] request = t.takeFault();
        assertEquals(FaultRecord.AT_TRANSLATION_REQUEST, FaultRecord.AT.get(request[1]));
        assertEquals(FaultRecord.TYPE_READ, FaultRecord.type(request[1]));
        assertEquals(0x6000, FaultRecord.address(request[0]));
        device.port.request(new PageRequest(3, 0x7000, Access.WRITE, 1, true));
        long[] page = t.takeFault();
        assertEquals(FaultRecord.TYPE_PAGE_REQUEST, FaultRecord.type(page[1]));
        assertEquals(0x7000, FaultRecord.address(page[0]));
    }

    @Test
    void recordsAreUsedInTurnAndTheIndexIsThatOfTheFirstPendingOne() {
        for (int i = 0; i < 3; i++) {
            fault(i, 0x1000);
            t.takeFault();
        }
        for (int i = 3; i < 6; i++) {
            fault(i, 0x1000);
            assertEquals(3, Fsts.FRI.get(t.get(Register.FSTS)));
            assertEquals(i, FaultRecord.pasid(t.get(RelocatedRegister.FRCD_HI, i)));
        }
        // Cleared in any order; the status goes with the last one.
        for (int i : new int[] {4, 3, 5}) {
            assertTrue(t.has(Fsts.PPF));
            t.set(RelocatedRegister.FRCD_HI, i, FaultRecord.F.mask());
        }
        assertEquals(0, t.get(Register.FSTS));
    }

    @Test
    void aRecordIsClearedThroughItsUpperHalfAlone() {
        fault(1, 0x1000);
        long[] before = {t.get(RelocatedRegister.FRCD_LO, 0), t.get(RelocatedRegister.FRCD_HI, 0)};
        int high = t.offset(RelocatedRegister.FRCD_HI, 0);
        t.set(RelocatedRegister.FRCD_LO, 0, -1L);
        t.unit.write(high, 4, -1L);
        t.unit.write(high + 4, 4, 0x7fff_ffffL);
        assertEquals(before[0], t.get(RelocatedRegister.FRCD_LO, 0));
        assertEquals(before[1], t.get(RelocatedRegister.FRCD_HI, 0));
        t.unit.write(high + 4, 4, 0x8000_0000L);
        assertEquals(
                before[1] & ~FaultRecord.F.mask(),
                t.get(RelocatedRegister.FRCD_HI, 0),
                "only F is cleared");
        assertEquals(before[1] >>> 32 & 0x7fff_ffff, t.unit.read(high + 4, 4));
    }

    @Test
    void whenEveryRecordIsPendingTheNextFaultIsLostAndSetsOverflow() {
        for (int i = 0; i < RECORDS; i++) {
            fault(i, 0x1000);
            assertFalse(t.has(Fsts.PFO));
        }
        fault(RECORDS, 0x1000);
        assertTrue(t.has(Fsts.PFO));
        // Nothing is recorded until software clears the overflow, even if records are free.
        for (int i = 0; i < RECORDS; i++) {
            t.set(RelocatedRegister.FRCD_HI, i, FaultRecord.F.mask());
        }
        fault(9, 0x1000);
        assertEquals(Fsts.PFO.mask(), t.get(Register.FSTS));
        t.set(Register.FSTS, Fsts.PFO.mask());
        fault(9, 0x1000);
        assertTrue(t.has(Fsts.PPF));
        assertEquals(RECORDS + 1, t.unit.count(HardwareCounter.FAULTS));
    }

    @Test
    void oneSourceWithOnePasidHasOnePendingRecord() {
        fault(1, 0x1000);
        fault(1, 0x2000);
        fault(Pasid.NONE, 0x3000);
        fault(Pasid.NONE, 0x4000);
        assertEquals(2, t.unit.count(HardwareCounter.FAULTS));
        assertEquals(0x1000, FaultRecord.address(t.get(RelocatedRegister.FRCD_LO, 0)));
        assertEquals(0x3000, FaultRecord.address(t.get(RelocatedRegister.FRCD_LO, 1)));
        assertFalse(t.has(Fsts.PFO));
    }

    @Test
    void theFirstPendingFaultSendsTheMessageAndThoseAfterItDoNot() {
        unmask();
        fault(1, 0x1000);
        fault(2, 0x1000);
        assertEquals(List.of("2fee01000:41"), t.takeMessages());
        assertFalse(pending());
        t.takeFault();
        assertEquals(List.of(), t.takeMessages(), "the second record is still pending");
        t.set(RelocatedRegister.FRCD_HI, 1, FaultRecord.F.mask());
        fault(3, 0x1000);
        assertEquals(List.of("2fee01000:41"), t.takeMessages());
    }

    @Test
    void aMaskedEventIsPendingAndGoesOutWhenUnmasked() {
        fault(1, 0x1000);
        assertTrue(pending());
        assertEquals(List.of(), t.takeMessages());
        t.set(Register.FEDATA, 0x42);
        unmask();
        assertEquals(List.of("2fee01000:42"), t.takeMessages());
        assertFalse(pending());
        t.set(Register.FECTL, 0x8000_0000L);
        unmask();
        assertEquals(List.of(), t.takeMessages());
    }

    @Test
    void aPendingEventIsDroppedWhenSoftwareHasDealtWithTheStatus() {
        fault(1, 0x1000);
        t.takeFault();
        assertFalse(pending());
        unmask();
        assertEquals(List.of(), t.takeMessages());
    }

    @Test
    void anErrorOfTheQueueSharesTheEvent() {
        unmask();
        t.enableQueue();
        t.submit(0xfff);
        assertEquals(List.of("2fee01000:41"), t.takeMessages());
        fault(1, 0x1000);
        assertEquals(List.of(), t.takeMessages(), "software has not dealt with IQE");
        t.put(0, 0x11);
        t.set(Register.FSTS, Fsts.IQE.mask());
        assertEquals(Fsts.PPF.mask(), t.get(Register.FSTS));
    }
}
