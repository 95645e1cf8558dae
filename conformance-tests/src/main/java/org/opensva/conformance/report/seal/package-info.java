/**
 * What makes a certificate hard to change unseen: its canonical form (RFC 8785), the SHA-256 of
 * that form, and an Ed25519 signature over it (RFC 8032).
 *
 * <p>{@link org.opensva.conformance.report.seal.CanonicalJson} writes the one form that a document
 * has, {@link org.opensva.conformance.report.seal.Seal} puts a seal on a document and looks at one,
 * {@link org.opensva.conformance.report.seal.SigningKey} and {@link
 * org.opensva.conformance.report.seal.VerifyingKey} are read from PEM files.
 *
 * <p>Not here: what a certificate says, and files.
 */
@NullMarked
package org.opensva.conformance.report.seal;

import org.jspecify.annotations.NullMarked;
