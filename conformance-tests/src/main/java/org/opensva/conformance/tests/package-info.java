/**
 * The tests of the rules, one class for each subject. Black-box through the {@code api} alone:
 * processes, devices and what they see of each other; white-box ones through hardware events where
 * a backend shows them.
 *
 * <p>A test is one scenario that would fail on a backend with the bug that its rule is about: the
 * device holds the translation before the mapping changes, reads and writes are both tried, and a
 * stale access is told by its content. Its name is a sentence about behaviour, {@link
 * org.opensva.conformance.suite.Covers} names its rules.
 *
 * <p>Not here: what tests share ({@code org.opensva.conformance.suite.bench}).
 */
@NullMarked
package org.opensva.conformance.tests;

import org.jspecify.annotations.NullMarked;
