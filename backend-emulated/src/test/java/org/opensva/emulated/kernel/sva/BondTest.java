package org.opensva.emulated.kernel.sva;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.process.AddressSpace;
import org.opensva.emulated.kernel.paging.PagingMode;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** The end of a bond, as a group of faults sees it that found the bond before. */
@Timeout(60)
class BondTest {

    private final SvaMachine sva = new SvaMachine(PagingMode.ARM64_4K);

    private Bond bond() {
        AddressSpace space = sva.process.addressSpace();
        return new Bond(
                new ManagedDevice(sva.iommu.attach(sva.zip, sva.core), sva.iommu),
                space,
                new MmBonds(),
                new MmBonds.SharedDomain(sva.iommu.createDomain(space)),
                new Pasid(1),
                space.hold());
    }

    @Test
    void aGroupThatComesTooLateIsNotLetInAndWaitsForNobody() throws InterruptedException {
        Bond bond = bond();
        assertTrue(bond.enter());
        Thread draining = Thread.ofPlatform().start(bond::drain);
        while (draining.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
        }
        List<Boolean> entered = Collections.synchronizedList(new ArrayList<>());
        Thread during = Thread.ofPlatform().start(() -> entered.add(bond.enter()));
        during.join();
        bond.leave();
        draining.join();
        Thread after = Thread.ofPlatform().start(() -> entered.add(bond.enter()));
        after.join();
        assertEquals(List.of(false, false), entered);
        assertFalse(bond.enter());
        bond.drain();
    }
}
