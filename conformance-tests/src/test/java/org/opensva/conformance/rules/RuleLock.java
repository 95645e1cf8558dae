package org.opensva.conformance.rules;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The golden list of rules: one line per id with its level and the SHA-256 of its text, so that a
 * change of the contract is a change of this file, and one line per retired id.
 */
final class RuleLock {

    private static final String RETIRED = "retired";

    private RuleLock() {}

    static String render(RuleBook book) {
        StringBuilder lock = new StringBuilder();
        for (RuleGroup group : book.groups()) {
            Map<String, String> lines = new TreeMap<>();
            for (Rule rule : group.rules()) {
                lines.put(rule.id(), rule.level() + " " + RuleBookDigest.ofText(rule));
            }
            group.retired().forEach(retired -> lines.put(retired.id(), RETIRED));
            lines.forEach((id, rest) -> lock.append(id).append(' ').append(rest).append('\n'));
        }
        return lock.toString();
    }

    /** Returns what the book does that no update may do: drop an id, or use a retired one again. */
    static List<String> breaches(String lock, RuleBook book) {
        List<String> breaches = new ArrayList<>();
        List<String> retired =
                book.groups().stream()
                        .flatMap(group -> group.retired().stream())
                        .map(RetiredRule::id)
                        .toList();
        for (String line : lock.lines().toList()) {
            String[] words = line.split(" ", -1);
            boolean inForce = book.find(words[0]).isPresent();
            if (!inForce && !retired.contains(words[0])) {
                breaches.add(words[0] + " was in the rule book; move it to 'retired'");
            } else if (inForce && words[1].equals(RETIRED)) {
                breaches.add(words[0] + " was retired and must not be used again");
            }
        }
        return breaches;
    }
}
