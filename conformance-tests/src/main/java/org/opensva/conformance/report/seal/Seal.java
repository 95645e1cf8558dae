package org.opensva.conformance.report.seal;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import java.util.Base64;
import java.util.Optional;

/**
 * The seal of a document: the member {@value #MEMBER}, which holds the SHA-256 of the canonical
 * form of all other members and, if somebody signed, an Ed25519 signature over the same bytes.
 */
public final class Seal {

    /** The name of the member. */
    public static final String MEMBER = "seal";

    /** The value of {@code seal.canonicalization}. */
    public static final String SCHEME = "RFC8785";

    /** The value of {@code seal.signature.algorithm}. */
    public static final String ALGORITHM = VerifyingKey.ALGORITHM;

    private Seal() {}

    /**
     * Puts a seal on a document, instead of the one that it may have.
     *
     * @param document the document; changed
     * @param key who signs, or empty for nobody
     * @throws SealException if the document has no canonical form
     */
    public static void put(ObjectNode document, Optional<SigningKey> key) {
        document.remove(MEMBER);
        byte[] form = CanonicalJson.bytes(document);
        ObjectNode seal =
                document.putObject(MEMBER)
                        .put("canonicalization", SCHEME)
                        .put("sha256", VerifyingKey.sha256(form));
        key.ifPresent(signing ->
                seal.putObject("signature")
                        .put("algorithm", ALGORITHM)
                        .put("publicKey", base64(signing.verifying().der()))
                        .put("value", base64(signing.sign(form))));
    }

    private static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    /**
     * The bytes that are hashed and signed.
     *
     * @param document a document with or without a seal; not changed
     * @return the canonical form of everything but the seal
     * @throws SealException if it has none
     */
    public static byte[] sealed(ObjectNode document) {
        ObjectNode rest = document.deepCopy();
        rest.remove(MEMBER);
        return CanonicalJson.bytes(rest);
    }

    /**
     * Tells whether a document is what it was when the seal was put on it.
     *
     * @param document a document with a seal
     * @return true if its digest is the one of the seal
     * @throws SealException if it has no seal that this version knows, or no canonical form
     */
    public static boolean isIntact(ObjectNode document) {
        JsonNode seal = document.path(MEMBER);
        if (!seal.isObject()) {
            throw new SealException("there is no seal");
        }
        if (!seal.path("canonicalization").asString("").equals(SCHEME)) {
            throw new SealException("its seal is not made by " + SCHEME);
        }
        return VerifyingKey.sha256(sealed(document)).equals(seal.path("sha256").asString(""));
    }

    /**
     * Who signed a document.
     *
     * @param document a document with a seal
     * @return the key in the signature, or empty if nobody signed
     * @throws SealException if there is a signature that does not hold
     */
    public static Optional<VerifyingKey> signer(ObjectNode document) {
        JsonNode signature = document.path(MEMBER).path("signature");
        if (signature.isMissingNode()) {
            return Optional.empty();
        }
        if (!signature.path("algorithm").asString("").equals(ALGORITHM)) {
            throw new SealException("its signature is not made by " + ALGORITHM);
        }
        VerifyingKey key;
        try {
            key = VerifyingKey.ofDer(bytes(signature, "publicKey"));
        } catch (SealException e) {
            throw new SealException("the public key of its signature is none of Ed25519", e);
        }
        if (!key.verifies(sealed(document), bytes(signature, "value"))) {
            throw new SealException("the signature does not hold for this content");
        }
        return Optional.of(key);
    }

    private static byte[] bytes(JsonNode signature, String field) {
        try {
            return Base64.getDecoder().decode(signature.path(field).asString(""));
        } catch (IllegalArgumentException e) {
            throw new SealException("the signature's " + field + " is not base64", e);
        }
    }
}
