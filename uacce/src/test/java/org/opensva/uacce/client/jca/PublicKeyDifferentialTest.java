package org.opensva.uacce.client.jca;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.opensva.uacce.client.Bench;
import org.opensva.uacce.client.ContextPool;

import java.security.InvalidKeyException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.spec.ECGenParameterSpec;

import javax.crypto.KeyAgreement;
import javax.crypto.ShortBufferException;

class PublicKeyDifferentialTest {

    private static Bench bench;
    private static ContextPool pool;
    private static OpenSvaProvider ours;
    private static KeyPair rsa;
    private static KeyPair ec;
    private static KeyPair ed;

    @BeforeAll
    static void open() throws Exception {
        bench = new Bench(1);
        pool = bench.pool();
        ours = new OpenSvaProvider(pool);
        rsa = pair("RSA", 2048);
        ec = pair("EC", 256);
        ed = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    }

    @AfterAll
    static void close() {
        pool.close();
        bench.close();
    }

    private static KeyPair pair(String name, int bits) throws NoSuchAlgorithmException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance(name);
        generator.initialize(bits);
        return generator.generateKeyPair();
    }

    private static KeyPair keys(SignatureKind kind) {
        return switch (kind.keys()[0]) {
            case "RSA" -> rsa;
            case "EC" -> ec;
            default -> ed;
        };
    }

    @ParameterizedTest
    @EnumSource(SignatureKind.class)
    void whatOneSignsTheOtherVerifies(SignatureKind kind) throws Exception {
        String name = kind.standardName();
        KeyPair keys = keys(kind);
        Signature mine = Signature.getInstance(name, ours);
        Signature theirs = Signature.getInstance(name);
        for (int round = 0; round < 3; round++) {
            byte[] message = Bench.bytes(name.startsWith("NONE") ? 32 : 1000 * round, round);
            mine.initSign(keys.getPrivate());
            theirs.initVerify(keys.getPublic());
            for (byte b : message) {
                mine.update(b);
            }
            byte[] signature = mine.sign();
            theirs.update(message);
            assertTrue(theirs.verify(signature), name);
            theirs.initSign(keys.getPrivate());
            theirs.update(message);
            byte[] other = theirs.sign();
            mine.initVerify(keys.getPublic());
            mine.update(message);
            assertTrue(mine.verify(other), name);
            mine.update(message);
            mine.update((byte) 1);
            if (!name.startsWith("NONE")) {
                assertFalse(mine.verify(other), "another message");
            }
        }
    }

    @Test
    void keysOfAnotherKindAndSignaturesThatAreNoneAreRefused() throws Exception {
        Signature mine = Signature.getInstance("SHA256withRSA", ours);
        assertThrows(InvalidKeyException.class, () -> mine.initSign(ec.getPrivate()));
        assertThrows(InvalidKeyException.class, () -> mine.initVerify(ed.getPublic()));
        assertThrows(SignatureException.class, () -> mine.update(new byte[1]));
        mine.initVerify(rsa.getPublic());
        mine.update(new byte[10]);
        assertFalse(mine.verify(new byte[256]));
    }

    @Test
    void aKeyThatWasDestroyedOrHasNoEncodingIsRefused() throws Exception {
        PrivateKey hidden =
                new PrivateKey() {
                    private static final long serialVersionUID = 1L;

                    @Override
                    public String getAlgorithm() {
                        return "RSA";
                    }

                    @Override
                    public String getFormat() {
                        return "PKCS#8";
                    }

                    @Override
                    public byte[] getEncoded() {
                        throw new IllegalStateException("destroyed");
                    }
                };
        Signature mine = Signature.getInstance("SHA256withRSA", ours);
        assertThrows(InvalidKeyException.class, () -> mine.initSign(hidden));
    }

    @Test
    void twoPartiesAgreeWhicheverProviderTheyUse() throws Exception {
        for (String name : new String[] {"ECDH", "X25519"}) {
            KeyPair a;
            KeyPair b;
            if (name.equals("ECDH")) {
                KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
                generator.initialize(new ECGenParameterSpec("secp384r1"));
                a = generator.generateKeyPair();
                b = generator.generateKeyPair();
            } else {
                KeyPairGenerator generator = KeyPairGenerator.getInstance("X25519");
                a = generator.generateKeyPair();
                b = generator.generateKeyPair();
            }
            KeyAgreement mine = KeyAgreement.getInstance(name, ours);
            KeyAgreement theirs = KeyAgreement.getInstance(name);
            mine.init(a.getPrivate());
            theirs.init(b.getPrivate());
            assertThrows(IllegalStateException.class, mine::generateSecret);
            mine.doPhase(b.getPublic(), true);
            theirs.doPhase(a.getPublic(), true);
            byte[] secret = theirs.generateSecret();
            assertThrows(
                    ShortBufferException.class,
                    () -> mine.generateSecret(new byte[secret.length - 1], 0));
            assertArrayEquals(secret, mine.generateSecret());
            mine.doPhase(b.getPublic(), true);
            assertEquals(
                    "TlsPremasterSecret", mine.generateSecret("TlsPremasterSecret").getAlgorithm());
            assertThrows(InvalidKeyException.class, () -> mine.init(rsa.getPrivate()));
        }
    }
}
