package org.opensva.smmuv3.driver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.api.process.PageTable;
import org.opensva.smmuv3.layout.ContextDescriptor;

import java.util.ArrayList;
import java.util.List;

class HitlessWriterTest {

    private final FlatMemory memory = new FlatMemory();
    private final long entry = memory.allocate(0);
    private final HitlessWriter writer =
            new HitlessWriter(memory, Entries::usedOfContext, ContextDescriptor.V.mask());
    private final PageTable tables =
            new FakeAddressSpace(1, 0x4444_0000L).pageTable().orElseThrow();
    private final List<long[]> states = new ArrayList<>();

    private int write(long[] target) {
        states.clear();
        return writer.write(entry, target, () -> states.add(current()));
    }

    private long[] current() {
        long[] words = new long[ContextDescriptor.WORDS];
        for (int i = 0; i < words.length; i++) {
            words[i] = memory.readLong(entry + 8L * i);
        }
        return words;
    }

    @Test
    void aContextBecomesValidOnlyWhenComplete() {
        long[] target = Entries.processContext(tables, 3, 48, false);
        assertEquals(2, write(target));
        assertFalse(ContextDescriptor.valid(states.getFirst()[0]), "words 1 to 7 go first");
        assertEquals(target[1], states.getFirst()[1]);
        assertEquals(target[3], states.getFirst()[3]);
        assertArrayEquals(target, current());
    }

    @Test
    void aContextIsClearedValidBitFirst() {
        write(Entries.processContext(tables, 3, 48, false));
        assertEquals(2, write(new long[ContextDescriptor.WORDS]));
        assertFalse(ContextDescriptor.valid(states.getFirst()[0]));
        assertArrayEquals(new long[ContextDescriptor.WORDS], current());
    }

    @Test
    void aContextIsQuiescedWithoutBeingInvalidForAMoment() {
        write(Entries.processContext(tables, 3, 48, false));
        long[] target = Entries.quiescedContext(tables, 3, 48, false);
        assertEquals(2, write(target));
        for (long[] state : states) {
            assertTrue(
                    ContextDescriptor.valid(state[0]), "an invalid context makes an error storm");
        }
        assertArrayEquals(target, current());
    }

    @Test
    void writingWhatIsThereAlreadyDoesNothing() {
        long[] target = Entries.processContext(tables, 3, 48, false);
        write(target);
        assertEquals(0, write(target));
    }

    @Test
    void twoWordsThatAreBothInUseCannotChangeAtOnceSoTheEntryIsInvalidInBetween() {
        write(Entries.processContext(tables, 3, 48, false));
        PageTable other = new FakeAddressSpace(2, 0x5555_0000L).pageTable().orElseThrow();
        long[] target = Entries.processContext(other, 4, 48, false);
        write(target);
        assertFalse(ContextDescriptor.valid(states.getFirst()[0]));
        assertArrayEquals(target, current());
    }
}
