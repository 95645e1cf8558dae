package org.opensva.conformance.rules;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.SequencedMap;

class HostileRuleFileTest {

    private static final String RULE =
            """
            {"id": "BIND-01", "level": "MUST", "title": "A title", "text": "A text.",\
             "source": "Somewhere", "owner": "core", "needs": "", "observe": "black-box",\
             "ifFails": "Look there.", "since": "0.1"}\
            """;
    private static final String FILE =
            """
            {"group": "BIND", "title": "T", "introduction": "I.", "rules": [%s], "retired": [%s]}
            """;
    private static final String RETIRED = "{\"id\": \"BIND-02\", \"reason\": \"Withdrawn.\"}";

    @Test
    void theSmallestFileIsRead() {
        RuleBook book = parse(FILE.formatted(RULE, RETIRED));
        assertEquals("A text.", book.find("BIND-01").orElseThrow().text());
        assertEquals("BIND-02", book.groups().getFirst().retired().getFirst().id());
    }

    @Test
    void everyFlawGivesOneLineThatNamesTheFileAndTheFlaw() {
        Map<String, String> flaws = new LinkedHashMap<>();
        flaws.put("", "must be a JSON object");
        flaws.put("[]", "must be a JSON object");
        flaws.put("{", "not valid JSON at line 1");
        flaws.put("null", "must be a JSON object");
        flaws.put(FILE.formatted(RULE, "") + "{}", "not valid JSON");
        flaws.put("[".repeat(100_000), "not valid JSON");
        flaws.put(
                FILE.formatted(RULE, "").replace("\"title\"", "\"titel\""),
                "unknown field 'titel'");
        flaws.put(FILE.formatted(RULE, "").replace("\"BIND\"", "\"bind\""), "two to ten capitals");
        flaws.put(FILE.formatted(RULE + "," + RULE, ""), "rule id BIND-01 appears twice");
        flaws.put(FILE.formatted(RULE + ", 7", ""), "entry 2 of rules must be a JSON object");
        flaws.put(FILE.formatted(RULE, RETIRED.replace("02", "01")), "must not be used again");
        flaws.put(FILE.formatted(RULE, RETIRED.replace("02", "03")), "BIND-02 is missing");
        flaws.put(FILE.formatted(RULE, "{\"id\": \"BIND-02\"}"), "field 'reason' is missing");
        flaws.put(
                FILE.formatted(RULE.replace("-01", "-02") + "," + RULE, ""),
                "BIND-01 stands after a higher id");
        flaws.put(FILE.formatted("", "").replace("\"rules\": [],", ""), "field 'rules' is missing");
        ruleFlaws().forEach((rule, flaw) -> flaws.put(FILE.formatted(rule, ""), flaw));
        flaws.forEach((json, flaw) -> {
            String message =
                    assertThrows(RuleBookException.class, () -> parse(json), () -> flaw)
                            .getMessage();
            assertEquals(1, message.lines().count(), message);
            assertTrue(message.startsWith("bind.json: "), message);
            assertTrue(message.contains(flaw), message + " does not say " + flaw);
            assertTrue(message.length() < 500, message);
        });
    }

    private static Map<String, String> ruleFlaws() {
        Map<String, String> flaws = new LinkedHashMap<>();
        flaws.put(RULE.replace("\"source\"", "\"sauce\""), "BIND-01: unknown field 'sauce'");
        flaws.put(RULE.replace("\"A text.\"", "\"\""), "BIND-01: field 'text' is missing, empty");
        flaws.put(RULE.replace("\"A text.\"", "7"), "BIND-01: field 'text' is missing, empty");
        flaws.put(RULE.replace("A text.", "A text"), "field 'text' must end with a full stop");
        flaws.put(RULE.replace("A text.", "A\\ntext."), "field 'text' must be one line");
        flaws.put(RULE.replace("A text.", "x".repeat(5000) + "."), "at most 4000 characters");
        flaws.put(RULE.replace("A title", "t".repeat(91)), "title must have at most 90");
        flaws.put(RULE.replace("A title", "A title."), "no full stop");
        flaws.put(RULE.replace("MUST", "SHALL"), "level 'SHALL' is not one of [MUST, SHOULD, MAY]");
        flaws.put(RULE.replace("\"core\"", "\"kernel\""), "owner 'kernel' is not one of [core");
        flaws.put(RULE.replace("black-box", "x-ray"), "observe 'x-ray' is not one of [black-box");
        flaws.put(RULE.replace("black-box", "untestable"), "must say why in 'reason'");
        flaws.put(
                RULE.replace("\"since\"", "\"reason\": \"R.\", \"since\""),
                "'reason' belongs to untestable rules only");
        flaws.put(RULE.replace("\"needs\": \"\"", "\"needs\": null"), "field 'needs' is missing");
        flaws.put(
                RULE.replace("\"needs\": \"\"", "\"needs\": \"frok\""),
                "unknown capability 'frok'");
        flaws.put(
                RULE.replace("\"needs\": \"\"", "\"needs\": \"introspection\"")
                        .replace("black-box", "white-box"),
                "implies introspection");
        flaws.put(RULE.replace("0.1", "soon"), "since 'soon' is not like 0.1");
        flaws.put(RULE.replace("BIND-01", "FORK-01"), "id 'FORK-01' is not like BIND-01");
        flaws.put(RULE.replace("BIND-01", "BIND-1"), "id 'BIND-1' is not like BIND-01");
        flaws.put(RULE.replace("BIND-01", "BIND-001"), "BIND-01 is missing before BIND-001");
        flaws.put(RULE.replace("BIND-01", "BIND\\u001b[2J"), "field 'id' must be one line");
        flaws.put(RULE.replace("\"owner\"", "\"\\u001b[2J\""), "unknown field '?[2J'");
        flaws.put(RULE.replace("{\"id\"", "{\"id\": \"BIND-01\", \"id\""), "not valid JSON");
        return flaws;
    }

    @Test
    void aGroupInTwoFilesIsRefused() {
        SequencedMap<String, String> files = new LinkedHashMap<>();
        files.put("bind.json", FILE.formatted(RULE, ""));
        files.put("more.json", FILE.formatted(RULE, ""));
        assertEquals(
                "more.json: group BIND is already in another file",
                assertThrows(RuleBookException.class, () -> RuleBook.parse(files)).getMessage());
    }

    @Test
    void aRuleThatABookDoesNotHaveIsNamed() {
        RuleBook small = parse(FILE.formatted(RULE, ""));
        assertEquals(
                "this rule book has no rule UNMAP-01",
                assertThrows(RuleBookException.class, () -> small.rule(RuleId.UNMAP_01))
                        .getMessage());
    }

    @Test
    void damagedFilesNeverEndInAnythingButOneLine() {
        Random random = new Random(3);
        String good = FILE.formatted(RULE, RETIRED);
        int refused = 0;
        for (int i = 0; i < 5_000; i++) {
            StringBuilder damaged = new StringBuilder(good);
            for (int n = 1 + random.nextInt(3); n > 0; n--) {
                int at = random.nextInt(damaged.length());
                switch (random.nextInt(3)) {
                    case 0 -> damaged.deleteCharAt(at);
                    case 1 -> damaged.setCharAt(at, (char) random.nextInt(0x250));
                    default -> damaged.insert(at, good, 0, random.nextInt(40));
                }
            }
            try {
                parse(damaged.toString());
            } catch (RuleBookException e) {
                refused++;
                String message = String.valueOf(e.getMessage());
                assertEquals(1, message.lines().count(), message);
                assertFalse(message.isBlank());
            }
        }
        assertTrue(refused > 2_500, "only " + refused + " of 5000 damaged files were refused");
    }

    private static RuleBook parse(String json) {
        SequencedMap<String, String> files = new LinkedHashMap<>();
        files.put("bind.json", json);
        return RuleBook.parse(files);
    }
}
