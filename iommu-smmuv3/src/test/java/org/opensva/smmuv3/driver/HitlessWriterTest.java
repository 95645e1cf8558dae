package org.opensva.smmuv3.driver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.api.process.PageTable;
import org.opensva.smmuv3.layout.ContextDescriptor;
import org.opensva.smmuv3.layout.StreamTableEntry;

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
        return write(writer, target);
    }

    private int write(HitlessWriter with, long[] target) {
        states.clear();
        int told = with.write(entry, target, () -> states.add(current()));
        assertEquals(told, states.size(), "hardware was told as often as that");
        if (told > 0) {
            assertArrayEquals(target, states.getLast(), "hardware was told of the last word");
        }
        return told;
    }

    private long[] current() {
        long[] words = new long[ContextDescriptor.WORDS];
        for (int i = 0; i < words.length; i++) {
            words[i] = memory.readLong(entry + 8L * i);
        }
        return words;
    }

    private static AsidAllocator.Tag tag(int asid) {
        return new AsidAllocator.Tag(asid, false, () -> {});
    }

    @Test
    void aContextBecomesValidOnlyWhenComplete() {
        long[] target = Entries.processContext(tables, tag(3), 48, false);
        assertEquals(2, write(target));
        assertFalse(ContextDescriptor.valid(states.getFirst()[0]), "words 1 to 7 go first");
        assertEquals(target[1], states.getFirst()[1]);
        assertEquals(target[3], states.getFirst()[3]);
        assertArrayEquals(target, current());
    }

    @Test
    void aContextIsClearedValidBitFirst() {
        write(Entries.processContext(tables, tag(3), 48, false));
        assertEquals(2, write(new long[ContextDescriptor.WORDS]));
        assertFalse(ContextDescriptor.valid(states.getFirst()[0]));
        assertArrayEquals(new long[ContextDescriptor.WORDS], current());
    }

    @Test
    void aContextIsQuiescedWithoutBeingInvalidForAMoment() {
        write(Entries.processContext(tables, tag(3), 48, false));
        long[] target = Entries.quiescedContext(tables, tag(3), 48, false);
        assertEquals(2, write(target));
        for (long[] state : states) {
            assertTrue(
                    ContextDescriptor.valid(state[0]), "an invalid context makes an error storm");
        }
        assertArrayEquals(target, current());
    }

    @Test
    void writingWhatIsThereAlreadyDoesNothing() {
        long[] target = Entries.processContext(tables, tag(3), 48, false);
        write(target);
        assertEquals(0, write(target));
    }

    @Test
    void whatHardwareDoesNotLookAtIsCleanedAtOnce() {
        for (int i = 1; i < ContextDescriptor.WORDS; i++) {
            memory.writeLong(entry + 8L * i, -1);
        }
        assertEquals(1, write(new long[ContextDescriptor.WORDS]));
    }

    @Test
    void twoWordsThatAreBothInUseCannotChangeAtOnceSoTheEntryIsInvalidInBetween() {
        write(Entries.processContext(tables, tag(3), 48, false));
        PageTable other = new FakeAddressSpace(2, 0x5555_0000L).pageTable().orElseThrow();
        long[] target = Entries.processContext(other, tag(4), 48, false);
        write(target);
        assertFalse(ContextDescriptor.valid(states.getFirst()[0]));
        assertArrayEquals(target, current());
    }

    /**
     * Between any two contexts hardware sees the old one, the new one, or an invalid one where both
     * are in use and differ in more than a word; and it is told as rarely as that can be done.
     */
    @Test
    void everyChangeIsHitlessWhereItCanBeWithAsFewSyncsAsThat() {
        PageTable other = new FakeAddressSpace(2, 0x5555_0000L).pageTable().orElseThrow();
        List<long[]> entries =
                List.of(
                        new long[ContextDescriptor.WORDS],
                        Entries.processContext(tables, tag(3), 48, false),
                        Entries.processContext(tables, tag(4), 48, false),
                        Entries.processContext(tables, tag(3), 48, true),
                        Entries.processContext(other, tag(3), 48, false),
                        Entries.quiescedContext(tables, tag(3), 48, false),
                        Entries.quiescedContext(other, tag(4), 48, false));
        int[][] syncs = {
            {0, 2, 2, 2, 2, 2, 2},
            {2, 0, 1, 1, 1, 2, 2},
            {2, 1, 0, 1, 3, 2, 2},
            {2, 1, 1, 0, 3, 2, 2},
            {2, 1, 3, 3, 0, 2, 2},
            {2, 2, 2, 2, 2, 0, 1},
            {2, 2, 2, 2, 2, 1, 0},
        };
        for (int from = 0; from < entries.size(); from++) {
            for (int to = 0; to < entries.size(); to++) {
                write(new long[ContextDescriptor.WORDS]);
                write(entries.get(from));
                int told = write(entries.get(to));
                assertEquals(syncs[from][to], told, from + " to " + to);
                assertArrayEquals(entries.get(to), current());
                for (long[] state : states) {
                    boolean invalid = !ContextDescriptor.valid(state[0]);
                    boolean old = sameToHardware(state, entries.get(from));
                    boolean now = sameToHardware(state, entries.get(to));
                    assertTrue(old || now || invalid && told == 3, from + " to " + to);
                }
            }
        }
    }

    @Test
    void aStreamIsBlockedAndReleasedWithoutBeingInvalidForAMoment() {
        HitlessWriter streams =
                new HitlessWriter(memory, Entries::usedOfStream, StreamTableEntry.V.mask());
        ContextTable contexts = new ContextTable(memory, memory, 16, true);
        long[] blocked = Entries.blockedStream();
        long[] translated = Entries.translatedStream(contexts, true, false);
        write(streams, blocked);
        for (long[] target : List.of(translated, blocked, translated, blocked)) {
            assertEquals(2, write(streams, target));
            for (long[] state : states) {
                assertTrue(StreamTableEntry.valid(state[0]));
            }
        }
    }

    private static boolean sameToHardware(long[] state, long[] entry) {
        long[] used = Entries.usedOfContext(entry);
        for (int i = 0; i < used.length; i++) {
            if ((state[i] & used[i]) != (entry[i] & used[i])) {
                return false;
            }
        }
        return true;
    }
}
