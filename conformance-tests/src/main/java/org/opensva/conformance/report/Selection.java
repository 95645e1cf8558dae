package org.opensva.conformance.report;

/**
 * Which rules were judged.
 *
 * @param rules the filter over rule ids, {@code *} for all
 * @param complete true if every rule of the book was judged
 */
public record Selection(String rules, boolean complete) {}
