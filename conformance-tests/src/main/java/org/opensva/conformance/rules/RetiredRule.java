package org.opensva.conformance.rules;

/**
 * The id of a rule that is no longer part of the contract and is never given to another rule.
 *
 * @param id the retired id, such as {@code BIND-07}
 * @param reason why the rule was withdrawn, one sentence
 */
public record RetiredRule(String id, String reason) {}
