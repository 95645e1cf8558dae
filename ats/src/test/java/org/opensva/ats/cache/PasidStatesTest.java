package org.opensva.ats.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.api.iommu.Pasid;

class PasidStatesTest {

    private static final int BITS = 9;

    private final PasidStates states = new PasidStates(BITS);

    @Test
    void twoEpochsAreCountedApart() {
        for (int round = 0; round < 4; round++) {
            long old = states.epoch(5);
            assertEquals(round, old);
            assertTrue(states.begin(5, old));
            assertEquals(old, states.nextEpoch(5), "the epoch that ended");
            assertEquals(old + 1, states.epoch(5));
            assertTrue(states.isUnderWay(5, old));
            assertFalse(states.isUnderWay(5, old + 1), "nothing has begun in the new epoch");
            assertTrue(states.begin(5, old + 1));
            states.end(5, old + 1);
            assertTrue(states.isUnderWay(5, old), "what began before is still under way");
            assertFalse(states.begin(5, old), "the old epoch lets nobody begin");
            states.end(5, old);
            assertFalse(states.isUnderWay(5, old));
            assertEquals(old + 1, states.epoch(5), "counting moves no epoch");
        }
    }

    @Test
    void everyPasidHasAStateOfItsOwn() {
        for (int pasid = Pasid.NONE; pasid < 1 << BITS; pasid++) {
            assertTrue(states.has(pasid), "PASID " + pasid);
            for (int i = 0; i <= pasid + 1; i++) {
                states.nextGeneration(pasid);
            }
            states.nextSequence(pasid);
        }
        for (int pasid = Pasid.NONE; pasid < 1 << BITS; pasid++) {
            assertEquals(pasid + 2, states.generation(pasid), "generation of PASID " + pasid);
            assertEquals(1, states.sequence(pasid), "sequence of PASID " + pasid);
        }
        assertFalse(states.has(1 << BITS));
        assertFalse(states.has(Pasid.NONE - 1));
    }
}
