package org.opensva.conformance.rules;

/**
 * One numbered promise of the contract.
 *
 * @param id the stable id, such as {@code UNMAP-01}; never reused for another promise
 * @param level how binding the rule is
 * @param title a short sentence for tables, at most {@value #MAX_TITLE} characters, no full stop
 * @param text the promise itself
 * @param source where it comes from: kernel function, commit, or section of a specification
 * @param owner the layer that answers for it
 * @param needs the capabilities that make it apply
 * @param observe what a suite must see in order to judge it
 * @param reason why no test is possible; empty unless {@code observe} is {@link
 *     Observability#UNTESTABLE}
 * @param ifFails what to look at first when the rule is broken
 * @param since the version of the rule book that introduced it, such as {@code 0.1}
 */
public record Rule(
        String id,
        RuleLevel level,
        String title,
        String text,
        String source,
        RuleOwner owner,
        CapabilityExpression needs,
        Observability observe,
        String reason,
        String ifFails,
        String since) {

    /** The longest title, in characters, that still fits a table. */
    public static final int MAX_TITLE = 90;

    /**
     * Returns the key of the group the rule belongs to.
     *
     * @return the part of the id before the hyphen, such as {@code UNMAP}
     */
    public String group() {
        return id.substring(0, id.indexOf('-'));
    }
}
