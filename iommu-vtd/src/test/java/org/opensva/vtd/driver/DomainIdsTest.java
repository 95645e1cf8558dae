package org.opensva.vtd.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.api.iommu.AttachedDevice;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.SvaDomain;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.DescriptorType;
import org.opensva.vtd.layout.PasidTableEntry;

import java.util.HashSet;
import java.util.Set;

class DomainIdsTest {

    /** Sixteen domain ids: of 0 and 1 no address space has one of its own. */
    private final DriverBench bench =
            new DriverBench(Cap.ND.set(RecordingUnit.CAP, 0), RecordingUnit.ECAP);

    private SvaDomain domain(int id) {
        return bench.driver.createDomain(new FakeAddressSpace(id, 0x4100_0000L));
    }

    private long tag(int requester, int pasid) {
        long did = PasidTableEntry.domainId(bench.word(bench.pasidEntry(requester, pasid), 1));
        return did << 20 | pasid;
    }

    @Test
    void moreAddressSpacesThanIdsAreToldApartByTheirPasids() {
        Set<Long> tags = new HashSet<>();
        for (int pasid = 1; pasid <= 100; pasid++) {
            bench.device.bind(new Pasid(pasid), domain(pasid));
            tags.add(tag(DriverBench.ZIP, pasid));
        }
        assertEquals(100, tags.size());
    }

    @Test
    void twoAddressSpacesWithOneIdNeverHaveOnePasid() {
        for (int pasid = 1; pasid <= 14; pasid++) {
            bench.device.bind(new Pasid(pasid), domain(pasid));
        }
        SvaDomain shared = domain(20);
        SvaDomain other = domain(21);
        AttachedDevice second = bench.attach(bench.dma);
        bench.device.bind(new Pasid(20), shared);
        second.bind(new Pasid(20), shared);
        bench.device.unbind(new Pasid(20));
        ErrnoException refused =
                assertThrows(ErrnoException.class, () -> bench.device.bind(new Pasid(20), other));
        assertEquals(Errno.ENOSPC, refused.errno());
        second.unbind(new Pasid(20));
        bench.device.bind(new Pasid(20), other);
        assertTrue(PasidTableEntry.present(bench.word(bench.pasidEntry(DriverBench.ZIP, 20), 0)));
    }

    @Test
    void anIdIsUsedAgainAsLateAsPossible() {
        DomainIds ids = new DomainIds(4);
        int first = ids.allocate();
        ids.free(first);
        for (int i = 0; i < 13; i++) {
            int id = ids.allocate();
            assertTrue(id != first);
            ids.free(id);
        }
        assertEquals(first, ids.allocate());
    }

    @Test
    void everyIdButTheFirstTwoIsHandedOutOnceAndThenOneIsShared() {
        for (int bits = 4; bits <= 16; bits += 2) {
            DomainIds ids = new DomainIds(bits);
            for (int id = 2; id < 1 << bits; id++) {
                assertEquals(id, ids.allocate());
            }
            assertEquals(1, ids.allocate());
            assertEquals(1, ids.allocate());
            ids.free(1);
            assertEquals(1, ids.allocate(), "it was nobody's alone");
            ids.free(5);
            assertEquals(5, ids.allocate());
            ids.free(3);
            assertEquals(3, ids.allocate(), "what is free again is found behind the last, too");
            assertEquals(1, ids.allocate());
        }
    }

    @Test
    void aPasidUnderTheSharedIdIsFreeOnceEveryDeviceOfItsOwnerHasLeft() {
        DomainIds ids = new DomainIds(4);
        for (int devices = 1; devices < 5; devices++) {
            for (int i = 0; i < devices; i++) {
                assertTrue(ids.claim(1, 7, "one"));
            }
            for (int i = 0; i < devices; i++) {
                assertFalse(ids.claim(1, 7, "other"));
                assertTrue(ids.claim(1, 8, "other"), "another PASID is nobody's");
                ids.unclaim(1, 8);
                ids.unclaim(1, 7);
            }
            assertTrue(ids.claim(1, 7, "other"));
            ids.unclaim(1, 7);
        }
    }

    @Test
    void underAnIdOfItsOwnNoPasidIsClaimed() {
        DomainIds ids = new DomainIds(4);
        assertTrue(ids.claim(2, 7, "one"));
        assertTrue(ids.claim(2, 7, "other"));
        ids.unclaim(2, 7);
        assertTrue(ids.claim(1, 7, "other"));
        ids.unclaim(2, 7);
        assertFalse(ids.claim(1, 7, "one"), "of another id");
    }

    @Test
    void aBindThatIsRefusedGivesItsPasidUnderTheSharedIdBack() {
        for (int pasid = 1; pasid <= 14; pasid++) {
            bench.device.bind(new Pasid(pasid), domain(pasid));
        }
        SvaDomain shared = domain(20);
        bench.unit.refusable = RecordingUnit.of(DescriptorType.PASID_DEVICE_TLB);
        bench.unit.refusals = 2;
        assertThrows(ErrnoException.class, () -> bench.device.bind(new Pasid(20), shared));
        bench.device.bind(new Pasid(20), domain(21));
    }

    @Test
    void aDomainThatIsClosedTwiceTakesNobodysIdAway() {
        SvaDomain closed = domain(1);
        int id = closed.asid().orElseThrow();
        closed.close();
        Set<Integer> ids = new HashSet<>();
        for (int i = 0; i < 14; i++) {
            assertTrue(ids.add(domain(i).asid().orElseThrow()));
        }
        assertTrue(ids.contains(id));
        closed.close();
        assertEquals(1, domain(15).asid().orElseThrow(), "there is none left");
    }

    @Test
    void anAddressSpaceThatCannotBeObservedTakesNoId() {
        FakeAddressSpace dead = new FakeAddressSpace(1, 0x4100_0000L);
        dead.dead = true;
        for (int i = 0; i < 20; i++) {
            assertThrows(ErrnoException.class, () -> bench.driver.createDomain(dead));
        }
        assertTrue(domain(2).asid().orElseThrow() > 1);
    }
}
