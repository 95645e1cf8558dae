package org.opensva.vtd.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.api.iommu.AttachedDevice;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.SvaDomain;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.vtd.layout.CapabilityRegisters.Cap;
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
}
