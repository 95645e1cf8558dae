package org.opensva.conformance.report.seal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import java.security.KeyPair;
import java.util.HexFormat;
import java.util.Optional;

class SealTest {

    private static final KeyPair PAIR = Keys.make("Ed25519");

    private static ObjectNode document() {
        return (ObjectNode) JsonMapper.shared().readTree("{\"b\":1,\"a\":[\"x\"]}");
    }

    @Test
    void theDigestIsThatOfTheCanonicalForm() {
        ObjectNode document = document();
        Seal.put(document, Optional.empty());
        assertEquals(
                // printf '{"a":["x"],"b":1}' | sha256sum
                "9bfce180614e8aaffe8a52084e7be3ee3b4c2e740cae2793550177f953f11c04",
                document.path("seal").path("sha256").stringValue());
        assertArrayEquals("{\"a\":[\"x\"],\"b\":1}".getBytes(), Seal.sealed(document));
        assertTrue(Seal.isIntact(document));
        assertEquals(Optional.empty(), Seal.signer(document));
    }

    @Test
    void aSignatureNamesItsKeyAndHoldsForThisContentOnly() {
        ObjectNode document = document();
        Seal.put(document, Optional.of(SigningKey.ofPem(Keys.privatePem(PAIR))));
        VerifyingKey key = VerifyingKey.ofPem(Keys.publicPem(PAIR));
        assertEquals(Optional.of(key), Seal.signer(document));
        document.put("b", 2);
        assertFalse(Seal.isIntact(document));
        SealException e = assertThrows(SealException.class, () -> Seal.signer(document));
        assertEquals("the signature does not hold for this content", e.getMessage());
    }

    @Test
    void sealingAgainReplacesTheSeal() {
        ObjectNode once = document();
        Seal.put(once, Optional.of(SigningKey.ofPem(Keys.privatePem(PAIR))));
        ObjectNode twice = once.deepCopy();
        Seal.put(twice, Optional.empty());
        assertEquals(
                once.path("seal").path("sha256").stringValue(),
                twice.path("seal").path("sha256").stringValue());
        assertEquals(Optional.empty(), Seal.signer(twice));
    }

    /** RFC 8032 section 7.1, test 1 (empty message) and test 2 (one byte). */
    @ParameterizedTest
    @CsvSource({
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60,"
                + "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a,'',"
                + "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
                + "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb,"
                + "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c,72,"
                + "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    })
    void keysAndSignaturesAreThoseOfTheStandard(
            String secret, String point, String message, String signature) {
        HexFormat hex = HexFormat.of();
        // RFC 8410 section 7 and 4: the fixed beginnings of PKCS#8 and SubjectPublicKeyInfo.
        byte[] pkcs8 = hex.parseHex("302e020100300506032b657004220420" + secret);
        byte[] spki = hex.parseHex("302a300506032b6570032100" + point);
        SigningKey key = SigningKey.ofPem(Keys.pem("PRIVATE KEY", pkcs8));
        assertArrayEquals(spki, key.verifying().der());
        assertEquals(signature, hex.formatHex(key.sign(hex.parseHex(message))));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''|it holds no '-----BEGIN PRIVATE KEY-----' in PEM",
                "-----BEGIN PRIVATE KEY-----|it holds no '-----BEGIN PRIVATE KEY-----' in PEM",
                "-----BEGIN PRIVATE KEY-----!-----END PRIVATE KEY-----|it is no Ed25519 private"
                        + " key",
                "-----BEGIN PRIVATE KEY-----!%%!-----END PRIVATE KEY-----|its PEM is damaged",
                "-----BEGIN ENCRYPTED PRIVATE KEY-----!AA==!-----END ENCRYPTED PRIVATE KEY-----|"
                        + "its key is encrypted; give one without a passphrase",
            })
    void whatIsNoKeyIsToldInOneLine(String pem, String complaint) {
        SealException e =
                assertThrows(SealException.class, () -> SigningKey.ofPem(pem.replace('!', '\n')));
        assertEquals(complaint, e.getMessage());
    }

    @Test
    void keysOfOtherKindsAndTheWrongHalfAreRefused() {
        KeyPair rsa = Keys.make("RSA");
        KeyPair other = Keys.make("Ed448");
        for (String pem : new String[] {Keys.privatePem(rsa), Keys.privatePem(other)}) {
            assertThrows(SealException.class, () -> SigningKey.ofPem(pem));
        }
        for (String pem : new String[] {Keys.publicPem(rsa), Keys.publicPem(other)}) {
            assertThrows(SealException.class, () -> VerifyingKey.ofPem(pem));
        }
        assertThrows(SealException.class, () -> SigningKey.ofPem(Keys.publicPem(PAIR)));
        assertThrows(SealException.class, () -> VerifyingKey.ofPem(Keys.privatePem(PAIR)));
        assertThrows(
                SealException.class,
                () -> VerifyingKey.ofPem(Keys.publicPem(PAIR) + Keys.publicPem(PAIR)));
        assertThrows(SealException.class, () -> VerifyingKey.ofPem("-".repeat(1 << 17)));
    }

    @Test
    void aKeyIsNeverShown() {
        SigningKey key = SigningKey.ofPem(Keys.privatePem(PAIR));
        assertEquals(key.verifying().fingerprint(), key.toString());
    }
}
