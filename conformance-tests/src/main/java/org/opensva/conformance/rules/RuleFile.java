package org.opensva.conformance.rules;

import org.opensva.api.backend.Capability;

import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Reads one rule file and refuses everything it does not understand, with one line that names the
 * file, the rule and the field.
 */
final class RuleFile {

    private static final int MAX_FIELD = 4000;
    private static final Pattern KEY = Pattern.compile("[A-Z]{2,10}");
    private static final Pattern ID = Pattern.compile("[A-Z]{2,10}-[0-9]{2,3}");
    private static final Pattern VERSION = Pattern.compile("[0-9]{1,3}\\.[0-9]{1,3}");
    private static final Set<String> GROUP_FIELDS =
            Set.of("group", "title", "introduction", "rules", "retired");
    private static final Set<String> RULE_FIELDS =
            Set.of(
                    "id", "level", "title", "text", "source", "owner", "needs", "observe", "reason",
                    "ifFails", "since");
    private static final Set<String> RETIRED_FIELDS = Set.of("id", "reason");
    private static final JsonMapper JSON =
            JsonMapper.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .build();

    private final String file;

    RuleFile(String file) {
        this.file = file;
    }

    RuleGroup read(String json) {
        JsonNode root = object(tree(json), "the file");
        onlyFields(root, GROUP_FIELDS, "the file");
        String key = string(root, "group", "the file");
        if (!KEY.matcher(key).matches()) {
            throw error("group " + RuleBookException.quote(key) + " is not two to ten capitals");
        }
        String title = string(root, "title", "the file");
        String introduction = string(root, "introduction", "the file");
        List<Rule> rules = new ArrayList<>();
        for (JsonNode node : array(root, "rules")) {
            rules.add(rule(key, object(node, "entry " + (rules.size() + 1) + " of rules")));
        }
        List<RetiredRule> retired = new ArrayList<>();
        for (JsonNode node : array(root, "retired")) {
            retired.add(retired(key, object(node, "an entry of retired")));
        }
        checkNumbers(key, rules, retired);
        return new RuleGroup(key, title, introduction, rules, retired);
    }

    private Rule rule(String key, JsonNode node) {
        String id = id(key, node, "a rule");
        onlyFields(node, RULE_FIELDS, id);
        String title = string(node, "title", id);
        if (title.length() > Rule.MAX_TITLE || title.endsWith(".")) {
            throw error(
                    id
                            + ": title must have at most "
                            + Rule.MAX_TITLE
                            + " characters and no full stop, it has "
                            + title.length());
        }
        Observability observe =
                Observability.of(string(node, "observe", id))
                        .orElseThrow(() -> notOneOf(node, "observe", id, observations()));
        return new Rule(
                id,
                level(node, id),
                title,
                sentences(node, "text", id),
                string(node, "source", id),
                RuleOwner.of(string(node, "owner", id))
                        .orElseThrow(() -> notOneOf(node, "owner", id, owners())),
                needs(node, id, observe),
                observe,
                reason(node, id, observe),
                sentences(node, "ifFails", id),
                since(node, id));
    }

    private RuleLevel level(JsonNode node, String id) {
        String text = string(node, "level", id);
        for (RuleLevel level : RuleLevel.values()) {
            if (level.name().equals(text)) {
                return level;
            }
        }
        throw notOneOf(node, "level", id, Arrays.toString(RuleLevel.values()));
    }

    private CapabilityExpression needs(JsonNode node, String id, Observability observe) {
        JsonNode needs = node.get("needs");
        if (needs == null || !needs.isString()) {
            throw error(id + ": field 'needs' is missing or not a string (empty means always)");
        }
        CapabilityExpression expression;
        try {
            expression = CapabilityExpression.parse(needs.stringValue());
        } catch (RuleBookException e) {
            throw error(id + ": " + e.getMessage());
        }
        if (observe == Observability.WHITE_BOX
                && expression.capabilities().contains(Capability.INTROSPECTION)) {
            // Otherwise a backend that shows nothing would be excused as not applicable.
            throw error(id + ": a white-box rule implies introspection and must not name it");
        }
        return expression;
    }

    private String reason(JsonNode node, String id, Observability observe) {
        boolean untestable = observe == Observability.UNTESTABLE;
        if (untestable != node.has("reason")) {
            throw error(
                    id
                            + (untestable
                                    ? ": an untestable rule must say why in 'reason'"
                                    : ": 'reason' belongs to untestable rules only"));
        }
        return untestable ? sentences(node, "reason", id) : "";
    }

    private String since(JsonNode node, String id) {
        String since = string(node, "since", id);
        if (!VERSION.matcher(since).matches()) {
            throw error(id + ": since " + RuleBookException.quote(since) + " is not like 0.1");
        }
        return since;
    }

    private RetiredRule retired(String key, JsonNode node) {
        String id = id(key, node, "a retired rule");
        onlyFields(node, RETIRED_FIELDS, id);
        return new RetiredRule(id, sentences(node, "reason", id));
    }

    private String id(String key, JsonNode node, String where) {
        String id = string(node, "id", where);
        if (!ID.matcher(id).matches() || !id.startsWith(key + "-")) {
            throw error("id " + RuleBookException.quote(id) + " is not like " + key + "-01");
        }
        return id;
    }

    /** Rules in ascending order, and with the retired ids every number from 1 exactly once. */
    private void checkNumbers(String key, List<Rule> rules, List<RetiredRule> retired) {
        Map<Integer, String> numbers = new TreeMap<>();
        int last = 0;
        for (Rule rule : rules) {
            int number = number(rule.id());
            if (numbers.put(number, rule.id()) != null) {
                throw error("rule id " + rule.id() + " appears twice");
            }
            if (number < last) {
                throw error("rule " + rule.id() + " stands after a higher id; keep them in order");
            }
            last = number;
        }
        for (RetiredRule rule : retired) {
            if (numbers.put(number(rule.id()), rule.id()) != null) {
                throw error("id " + rule.id() + " is retired and must not be used again");
            }
        }
        int expected = 1;
        for (Map.Entry<Integer, String> entry : numbers.entrySet()) {
            String name = "%s-%02d".formatted(key, expected);
            if (!entry.getValue().equals(name)) {
                throw error(
                        name
                                + " is missing before "
                                + entry.getValue()
                                + "; an id that is withdrawn goes into 'retired'");
            }
            expected++;
        }
    }

    private static int number(String id) {
        return Integer.parseInt(id.substring(id.indexOf('-') + 1));
    }

    private JsonNode tree(String json) {
        try {
            return JSON.readTree(json);
        } catch (JacksonException e) {
            String where =
                    e.getLocation() == null
                            ? ""
                            : " at line "
                                    + e.getLocation().getLineNr()
                                    + ", column "
                                    + e.getLocation().getColumnNr();
            String what = e.getOriginalMessage();
            throw error("not valid JSON" + where + ": " + what.lines().findFirst().orElse(""));
        }
    }

    private JsonNode object(JsonNode node, String where) {
        if (!node.isObject()) {
            throw error(where + " must be a JSON object");
        }
        return node;
    }

    private JsonNode array(JsonNode node, String field) {
        JsonNode value = node.get(field);
        if (value == null || !value.isArray()) {
            throw error("field '" + field + "' is missing or not an array");
        }
        return value;
    }

    private void onlyFields(JsonNode node, Set<String> allowed, String where) {
        Set<String> unknown = new HashSet<>(node.propertyNames());
        unknown.removeAll(allowed);
        if (!unknown.isEmpty()) {
            String first = unknown.stream().sorted().findFirst().orElseThrow();
            throw error(where + ": unknown field " + RuleBookException.quote(first));
        }
    }

    private String string(JsonNode node, String field, String where) {
        JsonNode value = node.get(field);
        if (value == null || !value.isString() || value.stringValue().isBlank()) {
            throw error(where + ": field '" + field + "' is missing, empty or not a string");
        }
        String text = value.stringValue();
        if (text.length() > MAX_FIELD || !text.equals(text.strip()) || hasControl(text)) {
            throw error(
                    where
                            + ": field '"
                            + field
                            + "' must be one line without spaces around it, at most "
                            + MAX_FIELD
                            + " characters");
        }
        return text;
    }

    private String sentences(JsonNode node, String field, String where) {
        String text = string(node, field, where);
        if (!text.endsWith(".")) {
            throw error(where + ": field '" + field + "' must end with a full stop");
        }
        return text;
    }

    private static boolean hasControl(String text) {
        return text.chars().anyMatch(Character::isISOControl);
    }

    private RuleBookException notOneOf(JsonNode node, String field, String id, String allowed) {
        String found = RuleBookException.quote(node.get(field).stringValue());
        return error(id + ": " + field + " " + found + " is not one of " + allowed);
    }

    private static String observations() {
        return Arrays.stream(Observability.values()).map(Observability::text).toList().toString();
    }

    private static String owners() {
        return Arrays.stream(RuleOwner.values()).map(RuleOwner::text).toList().toString();
    }

    private RuleBookException error(String what) {
        return new RuleBookException(file + ": " + what);
    }
}
