package org.opensva.conformance.rules;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

class GeneratedFilesTest {

    private static final GoldenFile SPEC = GoldenFile.ofModule("../api/SPEC.md");
    private static final GoldenFile RULE_ID =
            GoldenFile.ofModule("src/main/java/org/opensva/conformance/rules/RuleId.java");
    private static final GoldenFile LOCK =
            GoldenFile.ofModule("src/main/resources/org/opensva/conformance/rules/rules.lock");

    private final RuleBook book = RuleBook.load();

    @Test
    void theSpecificationIsWhatTheRuleBookGenerates() {
        SPEC.mustBe(SpecDocument.render(book));
    }

    @Test
    void theConstantsAreWhatTheRuleBookGenerates() {
        RULE_ID.mustBe(RuleIdSource.render(book));
    }

    @Test
    void theLockHoldsEveryRuleAndNoIdWasDroppedOrUsedAgain() {
        // First, so that an update cannot launder a breach.
        assertEquals(List.of(), RuleLock.breaches(LOCK.content(), book));
        LOCK.mustBe(RuleLock.render(book));
    }

    @Test
    void theLockSeesARuleThatVanishedAndAnIdThatCameBack() {
        String lock = "BIND-01 MUST 00\nBIND-02 retired\nBIND-77 MUST 00\n";
        assertEquals(
                List.of(
                        "BIND-02 was retired and must not be used again",
                        "BIND-77 was in the rule book; move it to 'retired'"),
                RuleLock.breaches(lock, book));
    }

    @Test
    void everyLinkInTheSpecificationLeadsToAnAnchorInIt() {
        String spec = SpecDocument.render(book);
        Set<String> anchors = new HashSet<>();
        Matcher anchor = Pattern.compile("<a id=\"([^\"]+)\"></a>").matcher(spec);
        while (anchor.find()) {
            assertTrue(anchors.add(anchor.group(1)), "anchor twice: " + anchor.group(1));
        }
        Matcher link = Pattern.compile("\\]\\(#([^)]+)\\)").matcher(spec);
        int links = 0;
        while (link.find()) {
            assertTrue(anchors.contains(link.group(1)), "no anchor for " + link.group(1));
            links++;
        }
        assertTrue(links > book.rules().size());
        assertEquals(book.rules().size() + book.groups().size(), anchors.size());
    }

    @Test
    void everyTableRowOfTheSpecificationHasAsManyCellsAsItsHead() {
        int cells = 0;
        for (String line : SpecDocument.render(book).lines().toList()) {
            if (!line.startsWith("|")) {
                cells = 0;
                continue;
            }
            int found = line.replace("\\|", "").split("\\|", -1).length;
            assertEquals(cells == 0 ? found : cells, found, line);
            cells = found;
        }
    }

    @Test
    void theSpecificationIsTheSameOnEveryRun() {
        assertEquals(SpecDocument.render(book), SpecDocument.render(RuleBook.load()));
    }
}
