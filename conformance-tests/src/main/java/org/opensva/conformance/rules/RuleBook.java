package org.opensva.conformance.rules;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * The whole contract: every rule in force and the ids that were retired.
 *
 * <p>A book is immutable. Two books with the same content have the same {@link #digest()}, whatever
 * the layout of the files they were read from.
 */
public final class RuleBook {

    /** The groups in the order of the specification; each is one rule file. */
    private static final List<String> GROUPS =
            List.of("bind", "fork", "unmap", "fault", "exit", "uacce", "ats");

    private final List<RuleGroup> groups;
    private final Map<String, Rule> byId;
    private final String digest;

    RuleBook(List<RuleGroup> groups) {
        this.groups = List.copyOf(groups);
        SequencedMap<String, Rule> rules = new LinkedHashMap<>();
        for (RuleGroup group : this.groups) {
            for (Rule rule : group.rules()) {
                if (rules.put(rule.id(), rule) != null) {
                    throw new RuleBookException("rule id " + rule.id() + " appears twice");
                }
            }
        }
        this.byId = Collections.unmodifiableMap(rules);
        this.digest = RuleBookDigest.of(this);
    }

    /**
     * Loads the contract that this version of the suite certifies.
     *
     * @return the rule book
     * @throws RuleBookException when a bundled rule file is damaged
     */
    public static RuleBook load() {
        SequencedMap<String, String> files = new LinkedHashMap<>();
        for (String group : GROUPS) {
            files.put(group + ".json", resource(group + ".json"));
        }
        return parse(files);
    }

    /**
     * Reads a rule book from text.
     *
     * @param files the rule files by name, in the order of the groups; names appear in messages
     * @return the rule book
     * @throws RuleBookException with a one-line message when anything in the text is not as it must
     *     be
     */
    public static RuleBook parse(SequencedMap<String, String> files) {
        List<RuleGroup> groups = new ArrayList<>();
        Set<String> keys = new TreeSet<>();
        files.forEach((name, json) -> {
            RuleGroup group = new RuleFile(name).read(json);
            if (!keys.add(group.key())) {
                throw new RuleBookException(
                        name + ": group " + group.key() + " is already in another file");
            }
            groups.add(group);
        });
        return new RuleBook(groups);
    }

    /**
     * Returns the groups in the order of the specification.
     *
     * @return the groups, unmodifiable
     */
    public List<RuleGroup> groups() {
        return groups;
    }

    /**
     * Returns every rule in force, in the order of the specification.
     *
     * @return the rules, unmodifiable
     */
    public List<Rule> rules() {
        return List.copyOf(byId.values());
    }

    /**
     * Returns the rule of a constant.
     *
     * @param id the constant
     * @return the rule
     * @throws RuleBookException when this book, read from other files, has no such rule
     */
    public Rule rule(RuleId id) {
        Rule rule = byId.get(id.id());
        if (rule == null) {
            throw new RuleBookException("this rule book has no rule " + id.id());
        }
        return rule;
    }

    /**
     * Finds a rule by its id.
     *
     * @param id an id such as {@code UNMAP-01}
     * @return the rule, or empty when no rule in force has that id
     */
    public Optional<Rule> find(String id) {
        return Optional.ofNullable(byId.get(id));
    }

    /**
     * Finds a group by its key.
     *
     * @param key a key such as {@code UNMAP}
     * @return the group, or empty when there is none
     */
    public Optional<RuleGroup> group(String key) {
        return groups.stream().filter(group -> group.key().equals(key)).findFirst();
    }

    /**
     * Selects rules by a glob over their ids.
     *
     * @param glob ids with {@code *} and {@code ?}, several separated by commas, in either case
     * @return the matching rules in the order of the specification; empty when none matches
     * @throws RuleBookException when the glob contains anything that no id contains
     */
    public List<Rule> matching(String glob) {
        Predicate<String> filter = RuleGlob.compile(glob);
        return byId.values().stream().filter(rule -> filter.test(rule.id())).toList();
    }

    /**
     * Returns the SHA-256 of the canonical form of the book, for certificates.
     *
     * @return 64 lower-case hexadecimal digits
     */
    public String digest() {
        return digest;
    }

    /**
     * Counts the rules per kind of observation.
     *
     * @return the counts, ordered as the constants; kinds that no rule has are absent
     */
    public NavigableMap<Observability, Long> countsByObservability() {
        NavigableMap<Observability, Long> counts = new TreeMap<>();
        byId.values().forEach(rule -> counts.merge(rule.observe(), 1L, Long::sum));
        return Collections.unmodifiableNavigableMap(counts);
    }

    private static String resource(String name) {
        try (InputStream stream = RuleBook.class.getResourceAsStream(name)) {
            if (stream == null) {
                throw new RuleBookException("rule file " + name + " is missing from the suite");
            }
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read rule file " + name, e);
        }
    }
}
