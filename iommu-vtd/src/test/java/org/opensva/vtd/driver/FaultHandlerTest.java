package org.opensva.vtd.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.Access;
import org.opensva.vtd.layout.EventRegisters.Fsts;
import org.opensva.vtd.layout.FaultReason;
import org.opensva.vtd.layout.FaultRecord;
import org.opensva.vtd.layout.Register;

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
    void everyReasonHasAKind() {
        for (FaultReason reason : FaultReason.values()) {
            assertNotNull(FaultKinds.of(reason));
        }
        assertEquals(
                org.opensva.api.iommu.FaultRecord.Kind.UNSUPPORTED_REQUEST, FaultKinds.of(null));
    }
}
