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

import java.security.InvalidAlgorithmParameterException;
import java.security.InvalidKeyException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.ProviderException;
import java.security.Signature;
import java.security.SignatureException;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.EdDSAParameterSpec;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

import javax.crypto.BadPaddingException;
import javax.crypto.Cipher;
import javax.crypto.IllegalBlockSizeException;
import javax.crypto.KeyAgreement;
import javax.crypto.ShortBufferException;
import javax.crypto.spec.OAEPParameterSpec;
import javax.crypto.spec.PSource;

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

    private static PSSParameterSpec pss(String digest, MGF1ParameterSpec mask, int salt) {
        return new PSSParameterSpec(digest, "MGF1", mask, salt, 1);
    }

    @Test
    void pssNeedsParametersThatDevicesHave() throws Exception {
        Signature signature = Signature.getInstance("RSASSA-PSS", ours);
        for (PSSParameterSpec other :
                List.of(
                        pss("SHA-1", MGF1ParameterSpec.SHA1, 20),
                        pss("SHA-256", MGF1ParameterSpec.SHA1, 32),
                        pss("SHA-256", MGF1ParameterSpec.SHA256, 20),
                        new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, 32, 2))) {
            assertThrows(
                    InvalidAlgorithmParameterException.class, () -> signature.setParameter(other));
        }
        signature.initSign(rsa.getPrivate());
        assertThrows(SignatureException.class, () -> signature.update((byte) 1));
        assertThrows(InvalidAlgorithmParameterException.class, () -> signature.setParameter(null));
        PSSParameterSpec good = pss("SHA-512", MGF1ParameterSpec.SHA512, 64);
        signature.setParameter(good);
        assertEquals(
                64,
                signature.getParameters().getParameterSpec(PSSParameterSpec.class).getSaltLength());
        signature.update((byte) 1);
        assertThrows(ProviderException.class, () -> signature.setParameter(good));
    }

    @Test
    void rsaEncryptsForTheJdkAndTheOtherWayRound() throws Exception {
        OAEPParameterSpec same =
                new OAEPParameterSpec(
                        "SHA-384", "MGF1", MGF1ParameterSpec.SHA384, PSource.PSpecified.DEFAULT);
        Object[][] ways = {
            {"RSA/ECB/PKCS1Padding", null, 11},
            {"RSA/ECB/OAEPPadding", null, 42},
            {"RSA/ECB/OAEPWithSHA-1AndMGF1Padding", null, 42},
            {"RSA/ECB/OAEPWithSHA-384AndMGF1Padding", same, 98}
        };
        for (Object[] way : ways) {
            String name = (String) way[0];
            OAEPParameterSpec spec = (OAEPParameterSpec) way[1];
            Cipher mine = Cipher.getInstance(name, ours);
            Cipher theirs = Cipher.getInstance(name, "SunJCE");
            mine.init(Cipher.ENCRYPT_MODE, rsa.getPublic(), spec);
            int most = mine.getOutputSize(0) - (int) way[2];
            for (int length : new int[] {0, 1, 16, most}) {
                byte[] message = Bench.bytes(length, length);
                theirs.init(Cipher.DECRYPT_MODE, rsa.getPrivate(), spec);
                assertArrayEquals(message, theirs.doFinal(mine.doFinal(message)), name);
                theirs.init(Cipher.ENCRYPT_MODE, rsa.getPublic(), spec);
                Cipher back = Cipher.getInstance(name, ours);
                back.init(Cipher.DECRYPT_MODE, rsa.getPrivate(), spec);
                byte[] made = theirs.doFinal(message);
                back.update(made, 0, 100);
                assertArrayEquals(message, back.doFinal(made, 100, made.length - 100), name);
                made[3]++;
                assertThrows(BadPaddingException.class, () -> back.doFinal(made), name);
            }
            assertThrows(
                    IllegalBlockSizeException.class, () -> mine.doFinal(new byte[most + 1]), name);
            assertThrows(IllegalBlockSizeException.class, () -> mine.doFinal(new byte[5000]), name);
            assertThrows(
                    InvalidKeyException.class,
                    () -> mine.init(Cipher.ENCRYPT_MODE, rsa.getPrivate(), spec),
                    "that would be a signature");
        }
        Cipher other = Cipher.getInstance("RSA/ECB/OAEPWithSHA-256AndMGF1Padding", ours);
        assertThrows(
                InvalidKeyException.class,
                () -> other.init(Cipher.ENCRYPT_MODE, rsa.getPublic()),
                "its default is MGF1 with SHA-1");
    }

    @ParameterizedTest
    @EnumSource(SignatureKind.class)
    void whatOneSignsTheOtherVerifies(SignatureKind kind) throws Exception {
        String name = kind.standardName();
        KeyPair keys = keys(kind);
        Signature mine = Signature.getInstance(name, ours);
        Signature theirs = Signature.getInstance(name);
        if (kind.needsParameters()) {
            mine.setParameter(pss("SHA-384", MGF1ParameterSpec.SHA384, 48));
            theirs.setParameter(pss("SHA-384", MGF1ParameterSpec.SHA384, 48));
        }
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

    private static void setParameters(Signature signature, SignatureKind kind) throws Exception {
        if (kind.needsParameters()) {
            signature.setParameter(pss("SHA-256", MGF1ParameterSpec.SHA256, 32));
        }
    }

    /** More than the pool's buffers have room for, and more than is kept for one job. */
    @ParameterizedTest
    @EnumSource(
            value = SignatureKind.class,
            names = {"SHA256_WITH_RSA", "RSASSA_PSS", "SHA256_P1363", "ED25519"})
    void aMessageOfAnyLengthIsSigned(SignatureKind kind) throws Exception {
        KeyPair keys = keys(kind);
        try (ContextPool small = bench.pool(Bench.config().withBufferLimit(1 << 20))) {
            Signature mine = Signature.getInstance(kind.standardName(), new OpenSvaProvider(small));
            Signature theirs = Signature.getInstance(kind.standardName());
            setParameters(mine, kind);
            setParameters(theirs, kind);
            for (int length : new int[] {2 << 20, AcceleratedSignature.LONGEST_KEPT + 5, 10}) {
                byte[] message = Bench.bytes(length, length);
                mine.initSign(keys.getPrivate());
                mine.update(message, 0, length / 2);
                mine.update(message, length / 2, length - length / 2);
                byte[] signature = mine.sign();
                theirs.initVerify(keys.getPublic());
                theirs.update(message);
                assertTrue(theirs.verify(signature), length + " bytes");
                mine.initVerify(keys.getPublic());
                mine.update(message);
                assertTrue(mine.verify(signature), length + " bytes");
                mine.update(message, 1, length - 1);
                assertFalse(mine.verify(signature), "another message");
            }
        }
    }

    @Test
    void aLongMessageThatIsGivenUpLeavesNothingBehind() throws Exception {
        byte[] message = Bench.bytes(100, 1);
        Signature mine = Signature.getInstance("RSASSA-PSS", ours);
        setParameters(mine, SignatureKind.RSASSA_PSS);
        mine.initSign(rsa.getPrivate());
        mine.update(new byte[AcceleratedSignature.LONGEST_KEPT + 1]);
        assertThrows(ProviderException.class, () -> setParameters(mine, SignatureKind.RSASSA_PSS));
        mine.initSign(rsa.getPrivate());
        setParameters(mine, SignatureKind.RSASSA_PSS);
        mine.update(message);
        byte[] signature = mine.sign();
        Signature theirs = Signature.getInstance("RSASSA-PSS");
        setParameters(theirs, SignatureKind.RSASSA_PSS);
        theirs.initVerify(rsa.getPublic());
        theirs.update(message);
        assertTrue(theirs.verify(signature));
    }

    @Test
    void aDigestThatIsLongerThanAnyIsRefusedInWordsWhetherItIsSignedOrVerified() throws Exception {
        for (String name : new String[] {"NONEwithECDSA", "NONEwithECDSAinP1363Format"}) {
            // The JDK's runs out of its array here, or refuses, depending on how it comes.
            Signature mine = Signature.getInstance(name, ours);
            mine.initSign(ec.getPrivate());
            mine.update(new byte[64]);
            byte[] signature = mine.sign();
            mine.update(new byte[65]);
            String complaint = "a digest of 65 bytes; " + name + " takes at most 64";
            assertEquals(
                    complaint, assertThrows(SignatureException.class, mine::sign).getMessage());
            mine.initVerify(ec.getPublic());
            mine.update(new byte[65]);
            assertEquals(
                    complaint,
                    assertThrows(SignatureException.class, () -> mine.verify(signature))
                            .getMessage());
        }
    }

    /** Parameters that come after the key, as programs set them, when the framework has chosen. */
    @Test
    void parametersThatDevicesDoNotHaveGoToTheNextProvider() throws Exception {
        byte[] message = Bench.bytes(100, 1);
        for (int salt : new int[] {0, 20, 32, 7}) {
            PSSParameterSpec spec =
                    new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, salt, 1);
            Signature mine = Signature.getInstance("RSASSA-PSS", ours);
            mine.initSign(rsa.getPrivate());
            mine.setParameter(spec);
            mine.update(message);
            byte[] signature = mine.sign();
            Signature theirs = Signature.getInstance("RSASSA-PSS", "SunRsaSign");
            theirs.setParameter(spec);
            theirs.initVerify(rsa.getPublic());
            theirs.update(message);
            assertTrue(theirs.verify(signature), "salt " + salt);
            mine.initVerify(rsa.getPublic());
            mine.update(message);
            assertThrows(ProviderException.class, () -> mine.setParameter(spec));
            assertTrue(mine.verify(signature), "salt " + salt);
        }
        Signature context = Signature.getInstance("Ed25519", ours);
        context.initSign(ed.getPrivate());
        context.setParameter(new EdDSAParameterSpec(false, new byte[3]));
        context.update(message);
        byte[] signed = context.sign();
        context.setParameter(null);
        context.initVerify(ed.getPublic());
        context.update(message);
        assertFalse(context.verify(signed), "without the context");
    }

    @Test
    void bytesThatCanBeNoSignatureAreWhatTheyAreToTheJdk() throws Exception {
        Map<String, KeyPair> keys =
                Map.of(
                        "SHA256withRSA", rsa,
                        "SHA256withECDSA", ec,
                        "SHA256withECDSAinP1363Format", ec,
                        "NONEwithECDSA", ec,
                        "Ed25519", ed);
        for (Map.Entry<String, KeyPair> entry : keys.entrySet()) {
            for (int length : new int[] {0, 1, 8, 63, 64, 65, 70, 256}) {
                byte[] garbage = new byte[length];
                Arrays.fill(garbage, (byte) 1);
                Object[] ends = new Object[2];
                for (int i = 0; i < 2; i++) {
                    Signature signature =
                            i == 0
                                    ? Signature.getInstance(entry.getKey())
                                    : Signature.getInstance(entry.getKey(), ours);
                    signature.initVerify(entry.getValue().getPublic());
                    signature.update(new byte[5]);
                    try {
                        ends[i] = signature.verify(garbage);
                    } catch (SignatureException e) {
                        ends[i] = SignatureException.class;
                    }
                }
                assertEquals(ends[0], ends[1], entry.getKey() + ", " + length + " bytes");
            }
        }
    }

    @Test
    void aSecretIsAKeyUnderTheNamesOfTheJdk() throws Exception {
        for (String name : new String[] {"Generic", "TlsPremasterSecret"}) {
            KeyAgreement mine = KeyAgreement.getInstance("ECDH", ours);
            KeyAgreement theirs = KeyAgreement.getInstance("ECDH", "SunEC");
            mine.init(ec.getPrivate());
            theirs.init(ec.getPrivate());
            mine.doPhase(ec.getPublic(), true);
            theirs.doPhase(ec.getPublic(), true);
            assertEquals(theirs.generateSecret(name), mine.generateSecret(name));
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
