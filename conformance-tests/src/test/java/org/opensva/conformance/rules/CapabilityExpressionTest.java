package org.opensva.conformance.rules;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.api.backend.Capability;

import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

class CapabilityExpressionTest {

    private static final List<Capability> SOME =
            List.of(Capability.FORK, Capability.PRI, Capability.STALL, Capability.ATS);

    @Test
    void theEmptyExpressionAlwaysHolds() {
        CapabilityExpression always = CapabilityExpression.parse("  ");
        assertTrue(always.isAlways());
        assertTrue(always.holds(Set.of()));
        assertEquals("", always.toString());
        assertEquals(Set.of(), always.unmet(Set.of()));
    }

    @Test
    void andBindsTighterThanOr() {
        CapabilityExpression expression = CapabilityExpression.parse("fork|pri&stall");
        assertTrue(expression.holds(Set.of(Capability.FORK)));
        assertFalse(expression.holds(Set.of(Capability.PRI)));
        assertTrue(expression.holds(Set.of(Capability.PRI, Capability.STALL)));
        assertEquals("fork | pri & stall", expression.toString());
    }

    @Test
    void whatIsUnmetNamesTheMissingAndTheForbidden() {
        CapabilityExpression expression = CapabilityExpression.parse("fork & (pri | stall) & !ats");
        assertEquals(
                new TreeSet<>(Set.of("!ats", "fork", "pri", "stall")),
                expression.unmet(Set.of(Capability.ATS)));
        assertEquals(Set.of("fork"), expression.unmet(Set.of(Capability.PRI, Capability.MPROTECT)));
        assertEquals(Set.of(), expression.unmet(Set.of(Capability.PRI, Capability.FORK)));
        assertEquals(EnumSet.copyOf(SOME), expression.capabilities());
    }

    @Test
    void anyExpressionMeansWhatItsParsedFormSaysAndRendersToItself() {
        Random random = new Random(7);
        for (int i = 0; i < 2_000; i++) {
            StringBuilder text = new StringBuilder();
            Predicate<Set<Capability>> meaning = grow(random, 3, text);
            if (text.length() > CapabilityExpression.MAX_LENGTH) {
                continue;
            }
            CapabilityExpression parsed = CapabilityExpression.parse(text.toString());
            CapabilityExpression again = CapabilityExpression.parse(parsed.toString());
            assertEquals(parsed.toString(), again.toString());
            for (int mask = 0; mask < 1 << SOME.size(); mask++) {
                Set<Capability> claimed = EnumSet.noneOf(Capability.class);
                for (int bit = 0; bit < SOME.size(); bit++) {
                    if ((mask >> bit & 1) == 1) {
                        claimed.add(SOME.get(bit));
                    }
                }
                String what = text + " for " + claimed;
                assertEquals(meaning.test(claimed), parsed.holds(claimed), what);
                assertEquals(meaning.test(claimed), again.holds(claimed), what);
                assertEquals(meaning.test(claimed), parsed.unmet(claimed).isEmpty(), what);
            }
        }
    }

    @Test
    void everyExpressionThatBreaksTheGrammarIsRefusedInOneLine() {
        List<String> hostile =
                List.of(
                        "&",
                        "fork &",
                        "fork | | pri",
                        "(fork",
                        "fork)",
                        "()",
                        "!",
                        "fork pri",
                        "FORK",
                        "fork && pri",
                        "no-such",
                        "fork\n& pri",
                        "fork & \u0000",
                        "fork & \u2028",
                        "(".repeat(200),
                        "!".repeat(200),
                        "x".repeat(100_000));
        for (String text : hostile) {
            String message =
                    assertThrows(
                                    RuleBookException.class,
                                    () -> CapabilityExpression.parse(text),
                                    () -> "accepted: " + text)
                            .getMessage();
            assertEquals(1, message.lines().count(), message);
            assertTrue(message.length() < 300, message);
        }
    }

    @Test
    void anUnknownNameIsShownWithItsColumn() {
        assertEquals(
                "unknown capability 'prj' at column 8 of capability expression 'fork & prj'",
                assertThrows(
                                RuleBookException.class,
                                () -> CapabilityExpression.parse("fork & prj"))
                        .getMessage());
    }

    @Test
    void randomTextNeverBreaksTheParser() {
        Random random = new Random(11);
        String alphabet = "fork pri&|!() -\tX\u00e9";
        for (int i = 0; i < 20_000; i++) {
            StringBuilder text = new StringBuilder();
            for (int n = random.nextInt(24); n > 0; n--) {
                text.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            try {
                CapabilityExpression.parse(text.toString()).holds(Set.of());
            } catch (RuleBookException e) {
                assertEquals(1, String.valueOf(e.getMessage()).lines().count());
            }
        }
    }

    private static Predicate<Set<Capability>> grow(Random random, int depth, StringBuilder text) {
        switch (depth == 0 ? 0 : random.nextInt(4)) {
            case 1 -> {
                text.append("!(");
                Predicate<Set<Capability>> inner = grow(random, depth - 1, text);
                text.append(')');
                return inner.negate();
            }
            case 2 -> {
                text.append('(');
                Predicate<Set<Capability>> left = grow(random, depth - 1, text);
                text.append(") & (");
                Predicate<Set<Capability>> right = grow(random, depth - 1, text);
                text.append(')');
                return left.and(right);
            }
            case 3 -> {
                text.append('(');
                Predicate<Set<Capability>> left = grow(random, depth - 1, text);
                text.append(")|(");
                Predicate<Set<Capability>> right = grow(random, depth - 1, text);
                text.append(')');
                return left.or(right);
            }
            default -> {
                Capability capability = SOME.get(random.nextInt(SOME.size()));
                text.append(capability.id());
                return claimed -> claimed.contains(capability);
            }
        }
    }
}
