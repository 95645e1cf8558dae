package org.opensva.conformance.report;

/**
 * Which suite judged, by which rules.
 *
 * @param version the version of the suite
 * @param ruleBook the digest of the rule book, 64 lower-case hexadecimal digits
 */
public record SuiteIdentity(String version, String ruleBook) {}
