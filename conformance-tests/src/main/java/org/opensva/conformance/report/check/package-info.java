/**
 * What can be said about certificates that are there: whether one holds, and how two differ.
 *
 * <p>{@link org.opensva.conformance.report.check.CertificateCheck} asks everything that one file
 * and this version of the suite can answer; {@link
 * org.opensva.conformance.report.check.CertificateDiff} compares two.
 *
 * <p>Not here: files and terminals.
 */
@NullMarked
package org.opensva.conformance.report.check;

import org.jspecify.annotations.NullMarked;
