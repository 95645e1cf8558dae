package org.opensva.conformance.rules;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A part of a platform that a vendor may have alone, with the rules that are its to keep: those
 * whose {@link RuleOwner owner} it is. What is judged is the part, put into a platform that is
 * sound otherwise.
 */
public enum RuleLayer {
    /** An IOMMU and its driver: {@code TranslationAgent} and {@code IommuDriver}. */
    IOMMU(RuleOwner.IOMMU),
    /** The bus interface of a device with its ATC: {@code EndpointFactory}. */
    ATS(RuleOwner.ATS),
    /** The queues of an accelerator: {@code Accelerator} and {@code QueueHandle}. */
    QUEUE(RuleOwner.ACCELERATOR);

    private final RuleOwner owner;

    RuleLayer(RuleOwner owner) {
        this.owner = owner;
    }

    /**
     * The name on the command line and in JUnit parameters.
     *
     * @return {@code iommu}, {@code ats} or {@code queue}
     */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * Finds a layer by its name.
     *
     * @param text a name as in {@link #text}
     * @return the layer, or empty if there is none of that name
     */
    public static Optional<RuleLayer> of(String text) {
        return Arrays.stream(values()).filter(layer -> layer.text().equals(text)).findFirst();
    }

    /**
     * The names of all layers.
     *
     * @return for messages
     */
    public static String names() {
        return Arrays.stream(values()).map(RuleLayer::text).collect(Collectors.joining(", "));
    }

    /**
     * The rules of the layer, as a filter for {@link RuleBook#matching}.
     *
     * @param book the rule book
     * @return ids separated by commas; a group that belongs to the layer as a whole is one entry
     */
    public String glob(RuleBook book) {
        return book.groups().stream()
                .map(group -> entries(book.matching(group.key() + "-*"), group.key()))
                .flatMap(List::stream)
                .collect(Collectors.joining(","));
    }

    private List<String> entries(List<Rule> group, String key) {
        List<String> own =
                group.stream().filter(rule -> rule.owner() == owner).map(Rule::id).toList();
        return !own.isEmpty() && own.size() == group.size() ? List.of(key + "-*") : own;
    }
}
