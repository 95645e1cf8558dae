package org.opensva.conformance.races;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.conformance.races.Operation.Kind;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The checker explains what can be explained, and nothing else. */
class PageCheckerTest {

    private final List<Operation> operations = new ArrayList<>();

    private PageCheckerTest op(Kind kind, int life, long value, long begun, long ended) {
        operations.add(new Operation(kind, 0, life, value, begun, ended));
        return this;
    }

    /** Two lives: 11 from 1 to 20, and 22 from 21 on. */
    private PageCheckerTest lives() {
        return op(Kind.MAP, 1, 0, 1, 2)
                .op(Kind.STORE, 1, 11, 3, 4)
                .op(Kind.UNMAP, 1, 0, 18, 20)
                .op(Kind.MAP, 2, 0, 21, 22)
                .op(Kind.STORE, 2, 22, 23, 24);
    }

    private Optional<Contradiction> found() {
        return PageChecker.check(operations);
    }

    @Test
    void anAccessThatOverlapsTheEndOfALifeMaySeeIt() {
        lives().op(Kind.READ, -1, 11, 19, 30).op(Kind.READ, -1, 22, 19, 30);
        assertEquals(Optional.empty(), found());
    }

    @Test
    void anAccessThatBeganAfterTheUnmappingReturnedMayNot() {
        lives().op(Kind.READ, -1, 11, 21, 30);
        Contradiction contradiction = found().orElseThrow();
        assertTrue(contradiction.stale());
        assertEquals(4, contradiction.history().size(), "no more than shows it");
    }

    @Test
    void aWriteThatOverlapsBothLivesMayBeInEither() {
        lives().op(Kind.WRITE, -1, 33, 19, 25)
                .op(Kind.LOAD, 2, 33, 26, 27)
                .op(Kind.ALIAS, 1, 33, 28, 29);
        assertEquals(Optional.empty(), found());
    }

    @Test
    void aWriteThatHadEndedBeforeALifeIsNotInIt() {
        lives().op(Kind.WRITE, -1, 33, 5, 6).op(Kind.LOAD, 2, 33, 26, 27);
        assertTrue(found().orElseThrow().stale());
    }

    @Test
    void memoryThatWasUnmappedIsWrittenByNobodyWhoBeganLater() {
        lives().op(Kind.WRITE, -1, 33, 21, 25).op(Kind.ALIAS, 1, 33, 26, 27);
        assertTrue(found().orElseThrow().stale());
    }

    @Test
    void aWriteIsSeenByNoReadThatEndedBeforeItBegan() {
        lives().op(Kind.WRITE, -1, 33, 9, 12).op(Kind.READ, -1, 33, 5, 6);
        assertTrue(found().isPresent());
    }

    @Test
    void whatNobodyWroteIsNoContentOfALife() {
        lives().op(Kind.READ, -1, 77, 5, 6);
        assertFalse(found().orElseThrow().stale());
        lives().op(Kind.READ, -1, 0, 1, 2);
    }
}
