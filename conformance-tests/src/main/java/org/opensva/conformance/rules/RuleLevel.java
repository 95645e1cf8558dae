package org.opensva.conformance.rules;

/** How binding a rule is, in the sense of RFC 2119. */
public enum RuleLevel {
    /** A backend to which the rule applies and that breaks it cannot be certified. */
    MUST,
    /** Breaking the rule is reported in the certificate and does not withhold it. */
    SHOULD,
    /** A permission: the rule says what a backend is free to do and what a suite must tolerate. */
    MAY
}
