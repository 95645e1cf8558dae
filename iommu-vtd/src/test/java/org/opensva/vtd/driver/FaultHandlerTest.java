package org.opensva.vtd.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.memory.Access;
import org.opensva.vtd.layout.EventRegisters.Fsts;
import org.opensva.vtd.layout.FaultReason;
import org.opensva.vtd.layout.FaultRecord;
import org.opensva.vtd.layout.Register;

import java.util.List;
import java.util.Map;

class FaultHandlerTest {

    private final DriverBench bench = new DriverBench();

    private void fault(FaultReason reason, int type, long address) {
        bench.unit.fault(
                FaultRecord.encodeLow(address),
                FaultRecord.encodeHigh(reason, DriverBench.ZIP, type, FaultRecord.AT_UNTRANSLATED)
                        | FaultRecord.encodePasid(5, true, false));
    }

    @Test
    void aFaultIsReportedInNeutralFormAndItsRecordIsFreeAgain() {
        for (int i = 0; i < 10; i++) {
            fault(FaultReason.FIRST_STAGE_NOT_PRESENT, FaultRecord.TYPE_WRITE, 0x7000L + 4096 * i);
            bench.driver.onFaultInterrupt();
        }
        assertEquals(10, bench.faults.size());
        org.opensva.api.iommu.FaultRecord last = bench.faults.getLast();
        assertEquals(org.opensva.api.iommu.FaultRecord.Kind.TRANSLATION, last.kind());
        assertEquals(0x10000, last.address());
        assertEquals(5, last.pasid());
        assertEquals(DriverBench.ZIP, last.requester().value());
        assertEquals(Access.WRITE | Access.EXECUTE, last.access());
        assertEquals("FIRST_STAGE_NOT_PRESENT", last.architectural());
    }

    @Test
    void aRequestWithoutPasidIsReportedWithoutOne() {
        bench.unit.fault(
                FaultRecord.encodeLow(0x5000),
                FaultRecord.encodeHigh(
                        FaultReason.PASID_ENTRY_NOT_PRESENT,
                        DriverBench.ZIP,
                        FaultRecord.TYPE_READ,
                        FaultRecord.AT_UNTRANSLATED));
        bench.driver.onFaultInterrupt();
        assertEquals(Pasid.NONE, bench.faults.getFirst().pasid());
        assertEquals(Access.READ, bench.faults.getFirst().access());
        assertEquals(
                org.opensva.api.iommu.FaultRecord.Kind.PASID_CONFIGURATION,
                bench.faults.getFirst().kind());
    }

    @Test
    void afterAnOverflowFaultsAreRecordedAgain() {
        for (int i = 0; i < 9; i++) {
            fault(FaultReason.SCALABLE_WRITE_DENIED, FaultRecord.TYPE_WRITE, 0x7000);
        }
        assertTrue(Fsts.PFO.isSet(bench.unit.get(Register.FSTS)));
        bench.driver.onFaultInterrupt();
        assertEquals(4, bench.faults.size(), "as many as there are records");
        long status = bench.unit.get(Register.FSTS);
        assertFalse(Fsts.PFO.isSet(status) || Fsts.PPF.isSet(status));
        fault(FaultReason.SCALABLE_WRITE_DENIED, FaultRecord.TYPE_WRITE, 0x8000);
        bench.driver.onFaultInterrupt();
        assertEquals(5, bench.faults.size());
    }

    @Test
    void anOverflowWithoutARecordEndsToo() {
        bench.unit.set(Register.FSTS, Fsts.PFO.mask());
        bench.driver.onFaultInterrupt();
        assertEquals(List.of(), bench.faults);
        assertEquals(0, bench.unit.get(Register.FSTS));
    }

    @Test
    void faultsAreReportedInTheOrderInWhichTheyWereRecordedWhereverTheRingStands() {
        for (int begin = 0; begin < 4; begin++) {
            bench.faults.clear();
            for (int i = 0; i < 4; i++) {
                fault(FaultReason.FIRST_STAGE_NOT_PRESENT, FaultRecord.TYPE_READ, 4096L * i);
            }
            bench.driver.onFaultInterrupt();
            assertEquals(
                    List.of(0L, 0x1000L, 0x2000L, 0x3000L),
                    bench.faults.stream().map(fault -> fault.address()).toList());
            // The next four begin one further.
            fault(FaultReason.FIRST_STAGE_NOT_PRESENT, FaultRecord.TYPE_READ, 0);
            bench.driver.onFaultInterrupt();
        }
    }

    @Test
    void anIndexBeyondTheRecordsIsNotFollowed() {
        for (int index : new int[] {4, 5, 255}) {
            DriverBench each = new DriverBench();
            each.unit.fault(
                    FaultRecord.encodeLow(0x7000),
                    FaultRecord.encodeHigh(
                            FaultReason.FIRST_STAGE_NOT_PRESENT,
                            DriverBench.ZIP,
                            FaultRecord.TYPE_READ,
                            FaultRecord.AT_UNTRANSLATED));
            each.unit.set(Register.FSTS, Fsts.FRI.set(each.unit.get(Register.FSTS), index));
            each.driver.onFaultInterrupt();
            assertEquals(1, each.faults.size());
        }
    }

    @Test
    void aStatusWithoutARecordEndsTheReading() {
        bench.unit.set(Register.FSTS, Fsts.PPF.mask());
        bench.driver.onFaultInterrupt();
        assertEquals(List.of(), bench.faults);
    }

    @Test
    void aUnitThatHasBeenTakenOutHasNoFaults() {
        bench.unit.gone = true;
        bench.driver.onFaultInterrupt();
        assertEquals(List.of(), bench.faults);
    }

    @Test
    void aFaultThatIsRecordedWhileOthersAreReadIsReportedWithThem() {
        fault(FaultReason.FIRST_STAGE_NOT_PRESENT, FaultRecord.TYPE_READ, 0x7000);
        bench.unit.onRead =
                register -> {
                    if (register == Register.FSTS && bench.faults.size() == 1) {
                        bench.unit.onRead = other -> {};
                        fault(FaultReason.FIRST_STAGE_NOT_PRESENT, FaultRecord.TYPE_READ, 0x8000);
                    }
                };
        bench.driver.onFaultInterrupt();
        assertEquals(2, bench.faults.size());
    }

    @Test
    void whatWasAskedForIsToldAndWhatOnlyCountsWithAPasidOnlyThen() {
        Map<Integer, Integer> accesses =
                Map.of(
                        FaultRecord.TYPE_READ,
                        Access.READ,
                        FaultRecord.TYPE_WRITE,
                        Access.WRITE,
                        FaultRecord.TYPE_ATOMIC,
                        Access.READ | Access.WRITE,
                        FaultRecord.TYPE_PAGE_REQUEST,
                        0);
        accesses.forEach((type, access) -> {
            for (int bits = 0; bits < 8; bits++) {
                boolean pasid = (bits & 1) != 0;
                boolean execute = (bits & 2) != 0;
                boolean privileged = (bits & 4) != 0;
                long high =
                        FaultRecord.encodeHigh(
                                        FaultReason.USER_DENIED,
                                        DriverBench.ZIP,
                                        type,
                                        FaultRecord.AT_UNTRANSLATED)
                                | FaultRecord.encodePasid(5, execute, privileged);
                bench.unit.fault(
                        FaultRecord.encodeLow(0x7000),
                        pasid ? high : high & ~FaultRecord.PP.mask());
                bench.driver.onFaultInterrupt();
                assertEquals(pasid ? 5 : Pasid.NONE, bench.faults.getLast().pasid());
                assertEquals(
                        access
                                | (pasid && execute ? Access.EXECUTE : 0)
                                | (pasid && privileged ? Access.PRIVILEGED : 0),
                        bench.faults.getLast().access());
            }
        });
    }

    @Test
    void anInterruptHasNeitherAddressNorAccess() {
        bench.unit.fault(
                FaultRecord.encodeLowInterrupt(0x1234),
                FaultRecord.encodeHigh(
                        FaultReason.IRTE_NOT_PRESENT,
                        DriverBench.ZIP,
                        FaultRecord.TYPE_READ,
                        FaultRecord.AT_UNTRANSLATED));
        bench.driver.onFaultInterrupt();
        assertEquals(
                new org.opensva.api.iommu.FaultRecord(
                        org.opensva.api.iommu.FaultRecord.Kind.UNSUPPORTED_REQUEST,
                        new RequesterId(DriverBench.ZIP),
                        Pasid.NONE,
                        0,
                        0,
                        "IRTE_NOT_PRESENT"),
                bench.faults.getFirst());
    }

    @Test
    void aReservedReasonIsReportedByItsNumberWithEverythingElse() {
        bench.unit.fault(
                FaultRecord.encodeLow(0x7000),
                FaultRecord.F.mask()
                        | FaultRecord.FR.place(0xfe)
                        | FaultRecord.SID.place(DriverBench.ZIP));
        bench.driver.onFaultInterrupt();
        assertEquals(
                new org.opensva.api.iommu.FaultRecord(
                        org.opensva.api.iommu.FaultRecord.Kind.UNSUPPORTED_REQUEST,
                        new RequesterId(DriverBench.ZIP),
                        Pasid.NONE,
                        0x7000,
                        Access.WRITE,
                        "fault reason 0xfe"),
                bench.faults.getFirst());
    }

    @Test
    void everyReasonHasAKind() {
        for (FaultReason reason : FaultReason.values()) {
            assertNotNull(FaultKinds.of(reason));
        }
        assertEquals(
                org.opensva.api.iommu.FaultRecord.Kind.UNSUPPORTED_REQUEST, FaultKinds.of(null));
    }
}
