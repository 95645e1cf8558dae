/**
 * Keeps the public surface of this module from changing by accident.
 *
 * <p>{@code ApiSignatureTest} describes every public type and compares the description with {@code
 * api-signature.txt} among the test resources. It reads class files, not sources, so what it sees
 * is what a vendor's compiler sees. Nothing else belongs here.
 */
package org.opensva.api.signature;
