/**
 * The rule book: the Shared Virtual Addressing contract as numbered rules, read from data.
 *
 * <p>Here live the rules themselves ({@link org.opensva.conformance.rules.Rule}), the book that
 * loads and finds them ({@link org.opensva.conformance.rules.RuleBook}), the expression that says
 * when a rule applies ({@link org.opensva.conformance.rules.CapabilityExpression}), the constants
 * that tests name ({@link org.opensva.conformance.rules.RuleId}, generated), and the document that
 * vendors read ({@link org.opensva.conformance.rules.SpecDocument}). The data are the JSON files
 * beside this package's classes, one per group.
 *
 * <p>What may not live here: tests of rules, verdicts, reports, and anything that knows a backend.
 * Everything in this package is immutable and safe for use by many threads.
 */
@NullMarked
package org.opensva.conformance.rules;

import org.jspecify.annotations.NullMarked;
