package org.opensva.conformance.rules;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.api.backend.Capability;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

class RuleBookTest {

    private static final String RULE_FILES = "src/main/resources/org/opensva/conformance/rules/%s";

    private final RuleBook book = RuleBook.load();

    @Test
    void theContractHasAllItsGroupsAndAtLeastTheFirstRulesOfEach() {
        assertEquals(
                List.of("BIND", "FORK", "UNMAP", "FAULT", "EXIT", "UACCE", "ATS"),
                book.groups().stream().map(RuleGroup::key).toList());
        // The ids of the first version stay for ever, in force or retired.
        Map<String, Integer> first =
                Map.of(
                        "BIND", 29, "FORK", 26, "UNMAP", 35, "FAULT", 26, "EXIT", 21, "UACCE", 20,
                        "ATS", 26);
        for (RuleGroup group : book.groups()) {
            int ids = group.rules().size() + group.retired().size();
            assertTrue(ids >= first.get(group.key()), group.key() + " has only " + ids + " ids");
        }
    }

    @Test
    void everyRuleNamesItsSourceWhatItPromisesAndWhereToLook() {
        for (Rule rule : book.rules()) {
            assertTrue(rule.text().length() >= 40, rule.id() + " says too little");
            assertTrue(rule.source().length() >= 8, rule.id() + " has no source");
            assertTrue(rule.ifFails().length() >= 20, rule.id() + " helps nobody who breaks it");
        }
    }

    @Test
    void idsTitlesAndTextsAreUnique() {
        Set<String> seen = new HashSet<>();
        for (Rule rule : book.rules()) {
            assertTrue(seen.add(rule.id()), rule.id());
            assertTrue(seen.add(rule.title()), rule.id() + " repeats a title");
            assertTrue(seen.add(rule.text()), rule.id() + " repeats a text");
        }
    }

    @Test
    void everyRuleReferredToInATextExists() {
        Pattern reference = Pattern.compile("\\b[A-Z]{2,10}-[0-9]{2}\\b");
        for (Rule rule : book.rules()) {
            String all = rule.text() + rule.reason() + rule.ifFails();
            reference
                    .matcher(all)
                    .results()
                    .forEach(m ->
                            assertTrue(
                                    book.find(m.group()).isPresent(),
                                    rule.id() + " refers to " + m.group()));
        }
    }

    @Test
    void everyCapabilityButThePoliciesAndTheViewsIsNeededBySomeRule() {
        Set<Capability> named = new HashSet<>();
        book.rules().forEach(rule -> named.addAll(rule.needs().capabilities()));
        Set<Capability> unnamed = new HashSet<>(Set.of(Capability.values()));
        unnamed.removeAll(named);
        // Policies change what a rule expects, views and means decide what can be observed, further
        // ways to use a queue are no subject of the contract: none of them selects.
        unnamed.removeAll(
                Set.of(
                        Capability.FOREIGN_REFUSE,
                        Capability.FOREIGN_OPENER,
                        Capability.DIRECT_SUBMIT,
                        Capability.INTROSPECTION,
                        Capability.FAULT_RECORDS,
                        Capability.EXECUTE_PERMISSION,
                        Capability.SYSFS,
                        Capability.ERROR_INJECTION,
                        Capability.VIRTUAL_FUNCTIONS,
                        Capability.MEMORY_PRESSURE,
                        Capability.QUEUE_PRIORITIES));
        assertEquals(Set.of(), unnamed);
    }

    @Test
    void aBackendThatClaimsNothingIsStillHeldToTheCoreOfTheContract() {
        List<String> always =
                book.rules().stream()
                        .filter(rule -> rule.needs().holds(Set.of()))
                        .map(Rule::id)
                        .toList();
        assertTrue(always.containsAll(List.of("BIND-01", "UNMAP-01", "EXIT-03", "UACCE-01")));
    }

    @Test
    void everyConstantFindsItsRule() {
        assertEquals(book.rules().size(), RuleId.values().length);
        for (RuleId id : RuleId.values()) {
            assertEquals(id.id(), book.rule(id).id());
            assertEquals(id, RuleId.of(id.id()).orElseThrow());
        }
        assertTrue(RuleId.of("BIND-99").isEmpty());
        assertTrue(book.find("BIND-99").isEmpty());
    }

    @Test
    void aGlobSelectsInTheOrderOfTheSpecification() {
        assertEquals(book.group("UNMAP").orElseThrow().rules(), book.matching("UNMAP-*"));
        assertEquals(book.rules(), book.matching("*"));
        assertEquals(
                List.of("FORK-05", "UNMAP-01"),
                book.matching("unmap-01,fork-05").stream().map(Rule::id).toList());
        assertEquals(9, book.matching("EXIT-0?").size());
        assertEquals(List.of(), book.matching("NOSUCH-*"));
    }

    @Test
    void aListOfEveryRuleIsTaken() {
        String all = book.rules().stream().map(Rule::id).collect(Collectors.joining(","));
        assertEquals(book.rules().size(), book.matching(all).size());
    }

    @Test
    void aGlobOfManyStarsIsAnsweredAtOnce() {
        assertEquals(List.of(), book.matching("*-".repeat(400) + "X"));
    }

    @Test
    void aGlobThatNoIdCanMatchIsRefusedInOneLine() {
        for (String glob : List.of("", "bind 01", "BIND-01,", "[A-Z]", "\n", "A".repeat(2000))) {
            String message =
                    assertThrows(RuleBookException.class, () -> book.matching(glob)).getMessage();
            assertEquals(1, message.lines().count(), message);
        }
    }

    @Test
    void theDigestIsThatOfTheContentAndNotOfTheLayout() {
        SequencedMap<String, String> files = files();
        assertEquals(book.digest(), RuleBook.parse(files).digest());
        assertTrue(book.digest().matches("[0-9a-f]{64}"));

        SequencedMap<String, String> otherLayout = new LinkedHashMap<>();
        files.forEach((name, json) -> otherLayout.put(name, json.replace("\n", "\n\n")));
        assertEquals(book.digest(), RuleBook.parse(otherLayout).digest());

        for (String field : List.of("MUST", "\"since\": \"0.1\"", "page tables")) {
            SequencedMap<String, String> changed = files();
            changed.compute("bind.json", (name, json) -> changeFirst(field, String.valueOf(json)));
            assertNotEquals(book.digest(), RuleBook.parse(changed).digest(), field);
        }
    }

    @Test
    void aRuleMovedToAnotherBookOfTheSameTextIsNotTheSameBook() {
        List<RuleGroup> groups = new ArrayList<>(book.groups());
        groups.add(groups.removeFirst());
        assertNotEquals(book.digest(), new RuleBook(groups).digest());
        assertFalse(groups.isEmpty());
    }

    static SequencedMap<String, String> files() {
        SequencedMap<String, String> files = new LinkedHashMap<>();
        for (RuleGroup group : RuleBook.load().groups()) {
            String name = group.key().toLowerCase(Locale.ROOT) + ".json";
            files.put(name, GoldenFile.ofModule(RULE_FILES.formatted(name)).content());
        }
        return files;
    }

    private static String changeFirst(String field, String json) {
        String changed =
                switch (field) {
                    case "MUST" -> "MAY";
                    case "page tables" -> "page-tables";
                    default -> "\"since\": \"0.2\"";
                };
        assertTrue(json.contains(field));
        return json.replaceFirst(Pattern.quote(field), changed);
    }
}
