package org.opensva.ats.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.time.Duration;

/** Sets that change while somebody looks into them, or wants to change them, too. */
@Timeout(60)
class EntryTableTest {

    private static final int KEY = 4;
    private static final long OWNER = EntryTable.owner(KEY, 1);
    private static final long PAGE = 0x7000;
    private static final long TAG = EntryTable.tag(PAGE, 12);
    private static final long ENTRY = 0x2003;

    /** Long enough for whoever does not wait to have gone on; nothing is lost if it is not. */
    private static final Duration A_WHILE = Duration.ofMillis(20);

    private final EntryTable table = new EntryTable(64);
    private final int set = table.set(PAGE, 12, KEY);

    /** Puts the page into a set that is locked. */
    private void put() {
        int way = table.place(set, TAG, KEY, owner -> true);
        table.put(way, TAG, OWNER, ENTRY);
    }

    private int entries() {
        return table.count(owner -> true);
    }

    @Test
    void nobodyFindsAnythingInASetThatIsChangingAndEverybodyAfterwards() {
        for (int round = 0; round < 4; round++) {
            long version = table.lock(set);
            put();
            assertEquals(0, table.peek(set, TAG, OWNER));
            assertEquals(0, table.probe(set, TAG, OWNER), "0 is never wrong, and ends the wait");
            table.unlock(set, version);
            assertEquals(ENTRY, table.peek(set, TAG, OWNER));
            assertEquals(ENTRY, table.probe(set, TAG, OWNER));
        }
        assertEquals(1, entries(), "the same page has one place");
    }

    /** Who has seen a version twice takes what it read in between for one entry. */
    @Test
    void aVersionNeverComesBack() {
        long last = -1;
        for (int round = 0; round < 4; round++) {
            long version = table.lock(set);
            assertTrue(version > last);
            last = version;
            put();
            table.unlock(set, version);
            if (round % 2 == 0) {
                table.remove(set, TAG, EntryTable.PRIVILEGED, KEY);
            } else {
                table.sweep(KEY, PAGE, 12);
            }
            assertEquals(0, table.peek(set, TAG, OWNER));
            version = table.lock(set);
            assertTrue(version > last + 2, "a removal is a change, too");
            last = version;
            table.unlock(set, version);
        }
    }

    @Test
    void aSetWaitsForNoOther() {
        int other = table.set(PAGE + 4096, 12, KEY);
        assertNotEquals(set, other);
        long version = table.lock(set);
        table.unlock(other, table.lock(other));
        table.unlock(set, version);
    }

    @Test
    void aRemovalWaitsForTheFillThatIsUnderWay() throws InterruptedException {
        waitsForTheFill(() -> table.remove(set, TAG, EntryTable.PRIVILEGED, KEY));
        waitsForTheFill(() -> table.sweep(KEY, PAGE, 12));
        waitsForTheFill(() -> table.sweep(-1, 0, 40));
    }

    private void waitsForTheFill(Runnable removal) throws InterruptedException {
        long version = table.lock(set);
        Thread remover = Thread.ofPlatform().start(removal);
        assertFalse(remover.join(A_WHILE), "the fill would stay");
        put();
        table.unlock(set, version);
        remover.join();
        assertEquals(0, table.probe(set, TAG, OWNER));
        assertEquals(0, entries());
    }

    @Test
    void aSecondFillWaitsForTheFirst() throws InterruptedException {
        long version = table.lock(set);
        Thread second =
                Thread.ofPlatform()
                        .start(() -> {
                            long mine = table.lock(set);
                            put();
                            table.unlock(set, mine);
                        });
        assertFalse(second.join(A_WHILE));
        put();
        table.unlock(set, version);
        second.join();
        assertEquals(1, entries());
        assertEquals(ENTRY, table.probe(set, TAG, OWNER));
    }

    @Test
    void aSweepSparesOtherKeysAndOtherPages() {
        long version = table.lock(set);
        put();
        table.unlock(set, version);
        table.sweep(KEY + 1, PAGE, 12);
        table.sweep(KEY, PAGE + 4096, 12);
        table.sweep(-1, PAGE + 4096, 12);
        assertEquals(1, entries());
        table.sweep(-1, PAGE, 12);
        assertEquals(0, entries());
    }
}
