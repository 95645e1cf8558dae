package org.opensva.uacce.client.jca;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.opensva.uacce.client.Bench;
import org.opensva.uacce.client.ContextPool;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import java.security.InvalidKeyException;
import java.security.Key;
import java.security.Provider;
import java.security.spec.AlgorithmParameterSpec;
import java.util.Random;

import javax.crypto.AEADBadTagException;
import javax.crypto.BadPaddingException;
import javax.crypto.Cipher;
import javax.crypto.IllegalBlockSizeException;
import javax.crypto.ShortBufferException;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

class CipherDifferentialTest {

    private static Bench bench;
    private static ContextPool pool;
    private static OpenSvaProvider ours;

    @BeforeAll
    static void open() {
        bench = new Bench(2);
        pool = bench.pool();
        ours = new OpenSvaProvider(pool);
    }

    @AfterAll
    static void close() {
        pool.close();
        bench.close();
    }

    private static Cipher theirs(String name) throws GeneralSecurityException {
        return Cipher.getInstance(name, "SunJCE");
    }

    private static SecretKeySpec key(Random random) {
        byte[] bytes = new byte[16 + 8 * random.nextInt(3)];
        random.nextBytes(bytes);
        return new SecretKeySpec(bytes, "AES");
    }

    private static AlgorithmParameterSpec parameters(String name, Random random) {
        byte[] iv = new byte[name.contains("GCM") ? 1 + random.nextInt(20) : 16];
        random.nextBytes(iv);
        if (name.contains("CTR") && random.nextBoolean()) {
            // A counter that runs over: all but the last bits are ones.
            java.util.Arrays.fill(iv, (byte) 0xff);
        }
        if (name.contains("GCM")) {
            return new GCMParameterSpec(96 + 8 * random.nextInt(5), iv);
        }
        return name.contains("ECB") ? null : new IvParameterSpec(iv);
    }

    /** One message in any pieces, through every kind of update; what comes out in all. */
    private static Object all(
            Provider provider,
            String name,
            int mode,
            Key key,
            AlgorithmParameterSpec spec,
            byte[] message,
            long seed)
            throws GeneralSecurityException {
        Random random = new Random(seed);
        Cipher cipher = provider == null ? theirs(name) : Cipher.getInstance(name, provider);
        cipher.init(mode, key, spec);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            for (int round = 0; round < (name.contains("GCM") ? 1 : 2); round++) {
                if (name.contains("GCM")) {
                    cipher.updateAAD(new byte[random.nextInt(40)]);
                    cipher.updateAAD(ByteBuffer.wrap(new byte[random.nextInt(40)]));
                }
                int at = 0;
                while (at < message.length) {
                    int part = Math.min(message.length - at, random.nextInt(100));
                    if (random.nextBoolean()) {
                        byte[] made = cipher.update(message, at, part);
                        out.writeBytes(made == null ? new byte[0] : made);
                    } else {
                        ByteBuffer target = ByteBuffer.allocate(message.length + 64);
                        cipher.update(ByteBuffer.wrap(message, at, part), target);
                        out.write(target.array(), 0, target.position());
                    }
                    at += part;
                }
                if (random.nextBoolean()) {
                    out.writeBytes(cipher.doFinal());
                } else {
                    byte[] target = new byte[message.length + 64];
                    out.write(target, 0, 0);
                    int made = cipher.doFinal(new byte[0], 0, 0, target, 0);
                    out.write(target, 0, made);
                }
            }
            return out.toByteArray();
        } catch (GeneralSecurityException e) {
            return e.getClass();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "AES/ECB/NoPadding",
                "AES/ECB/PKCS5Padding",
                "AES/CBC/NoPadding",
                "AES/CBC/PKCS5Padding",
                "AES/CTR/NoPadding",
                "AES/GCM/NoPadding"
            })
    void aCipherDoesWhatTheJdksDoes(String name) throws Exception {
        for (int seed = 0; seed < 60; seed++) {
            Random random = new Random(seed);
            Key key = key(random);
            AlgorithmParameterSpec spec = parameters(name, random);
            int length = random.nextInt(600);
            byte[] message = Bench.bytes(random.nextInt(3) > 0 ? length & -16 : length, seed);
            Object expected = all(null, name, Cipher.ENCRYPT_MODE, key, spec, message, seed);
            Object made = all(ours, name, Cipher.ENCRYPT_MODE, key, spec, message, seed);
            same(expected, made, "encryption, seed " + seed);
            byte[] secret =
                    expected instanceof byte[] bytes && !name.contains("ECB/P") ? bytes : message;
            if (random.nextInt(3) == 0 && secret.length > 0) {
                secret[random.nextInt(secret.length)] ^= 1;
            }
            Object back = all(null, name, Cipher.DECRYPT_MODE, key, spec, secret, seed);
            Object mine = all(ours, name, Cipher.DECRYPT_MODE, key, spec, secret, seed);
            same(back, mine, "decryption, seed " + seed);
        }
    }

    private static void same(Object expected, Object made, String what) {
        if (expected instanceof byte[] bytes && made instanceof byte[] others) {
            assertArrayEquals(bytes, others, what);
        } else {
            assertEquals(expected, made, what);
        }
    }

    @Test
    void encryptingTwiceUnderOneIvIsRefusedByGcm() throws Exception {
        SecretKeySpec key = new SecretKeySpec(new byte[16], "AES");
        GCMParameterSpec spec = new GCMParameterSpec(128, new byte[12]);
        for (Cipher gcm : new Cipher[] {theirs("AES/GCM/NoPadding"), mine("AES/GCM/NoPadding")}) {
            gcm.init(Cipher.ENCRYPT_MODE, key, spec);
            gcm.doFinal(new byte[10]);
            assertThrows(IllegalStateException.class, () -> gcm.update(new byte[1]));
            assertThrows(IllegalStateException.class, () -> gcm.doFinal(new byte[1]));
            assertThrows(
                    InvalidAlgorithmParameterException.class,
                    () -> gcm.init(Cipher.ENCRYPT_MODE, key, spec));
            gcm.init(Cipher.ENCRYPT_MODE, key, new GCMParameterSpec(128, new byte[13]));
            gcm.doFinal(new byte[10]);
            gcm.init(Cipher.DECRYPT_MODE, key, spec);
            gcm.update(new byte[3]);
            assertThrows(IllegalStateException.class, () -> gcm.updateAAD(new byte[1]));
        }
    }

    /** More than the pool's buffers have room for, and than a device takes of AES-GCM. */
    @Test
    void aMessageOfAnyLengthIsTakenInOneCall() throws Exception {
        SecretKeySpec key = new SecretKeySpec(Bench.bytes(16, 3), "AES");
        byte[] message = Bench.bytes(20_000_011, 5);
        String[] names = {"AES/CBC/PKCS5Padding", "AES/CTR/NoPadding", "AES/GCM/NoPadding"};
        try (ContextPool small = bench.pool(Bench.config().withBufferLimit(20 << 20))) {
            OpenSvaProvider provider = new OpenSvaProvider(small);
            for (String name : names) {
                AlgorithmParameterSpec spec =
                        name.contains("GCM")
                                ? new GCMParameterSpec(128, new byte[12])
                                : new IvParameterSpec(Bench.bytes(16, 4));
                Cipher reference = theirs(name);
                reference.init(Cipher.ENCRYPT_MODE, key, spec);
                Cipher cipher = Cipher.getInstance(name, provider);
                cipher.init(Cipher.ENCRYPT_MODE, key, spec);
                byte[] secret = cipher.doFinal(message);
                assertArrayEquals(reference.doFinal(message), secret, name);
                cipher.init(Cipher.DECRYPT_MODE, key, spec);
                assertArrayEquals(message, cipher.doFinal(secret), name);
            }
        }
    }

    @Test
    void aKeyForSomethingElseIsRefusedAsTheJdkDoes() throws Exception {
        SecretKeySpec des = new SecretKeySpec(new byte[16], "DESede");
        for (String name : new String[] {"AES/ECB/NoPadding", "AES/GCM/NoPadding"}) {
            assertThrows(
                    InvalidKeyException.class, () -> theirs(name).init(Cipher.ENCRYPT_MODE, des));
            assertThrows(
                    InvalidKeyException.class, () -> mine(name).init(Cipher.ENCRYPT_MODE, des));
        }
    }

    private static Cipher mine(String name) throws GeneralSecurityException {
        return Cipher.getInstance(name, ours);
    }

    @Test
    void aTagThatIsWrongReleasesNothingAndTheCipherGoesOn() throws Exception {
        SecretKeySpec key = new SecretKeySpec(new byte[32], "AES");
        GCMParameterSpec spec = new GCMParameterSpec(128, new byte[12]);
        Cipher gcm = theirs("AES/GCM/NoPadding");
        gcm.init(Cipher.ENCRYPT_MODE, key, spec);
        gcm.updateAAD(new byte[] {1, 2});
        byte[] sealed = gcm.doFinal(Bench.bytes(100, 1));
        Cipher cipher = mine("AES/GCM/NoPadding");
        cipher.init(Cipher.DECRYPT_MODE, key, spec);
        byte[] target = new byte[200];
        cipher.updateAAD(new byte[] {1, 3});
        assertThrows(
                AEADBadTagException.class,
                () -> cipher.doFinal(sealed, 0, sealed.length, target, 0));
        assertArrayEquals(new byte[200], target);
        cipher.updateAAD(new byte[] {1, 2});
        assertArrayEquals(Bench.bytes(100, 1), cipher.doFinal(sealed));
        assertThrows(AEADBadTagException.class, () -> cipher.doFinal(new byte[15]));
    }

    @Test
    void whatDoesNotFitIsRefusedAndCanBeTriedAgain() throws Exception {
        SecretKeySpec key = new SecretKeySpec(new byte[16], "AES");
        byte[] message = Bench.bytes(50, 2);
        for (String name : new String[] {"AES/CBC/PKCS5Padding", "AES/GCM/NoPadding"}) {
            AlgorithmParameterSpec spec =
                    name.contains("GCM")
                            ? new GCMParameterSpec(128, new byte[12])
                            : new IvParameterSpec(new byte[16]);
            Cipher reference = theirs(name);
            reference.init(Cipher.ENCRYPT_MODE, key, spec);
            byte[] expected = reference.doFinal(message);
            Cipher cipher = mine(name);
            cipher.init(Cipher.ENCRYPT_MODE, key, spec);
            byte[] small = new byte[expected.length - 1];
            assertThrows(
                    ShortBufferException.class,
                    () -> cipher.doFinal(message, 0, message.length, small, 0));
            byte[] target = new byte[expected.length];
            assertEquals(expected.length, cipher.getOutputSize(message.length));
            cipher.doFinal(message, 0, message.length, target, 0);
            assertArrayEquals(expected, target);
            cipher.init(Cipher.DECRYPT_MODE, key, spec);
            byte[] tiny = new byte[message.length - 1];
            assertThrows(
                    ShortBufferException.class,
                    () -> cipher.doFinal(expected, 0, expected.length, tiny, 0));
            assertArrayEquals(message, cipher.doFinal(expected));
        }
    }

    @Test
    void keysAndParametersThatMakeNoSenseAreRefused() throws Exception {
        Cipher cbc = mine("AES/CBC/PKCS5Padding");
        SecretKeySpec key = new SecretKeySpec(new byte[16], "AES");
        SecretKeySpec odd = new SecretKeySpec(new byte[17], "AES");
        assertThrows(InvalidKeyException.class, () -> cbc.init(Cipher.ENCRYPT_MODE, odd));
        assertThrows(InvalidKeyException.class, () -> cbc.init(Cipher.DECRYPT_MODE, key));
        assertThrows(
                InvalidAlgorithmParameterException.class,
                () -> cbc.init(Cipher.ENCRYPT_MODE, key, new IvParameterSpec(new byte[15])));
        assertThrows(
                InvalidAlgorithmParameterException.class,
                () ->
                        mine("AES/GCM/NoPadding")
                                .init(
                                        Cipher.ENCRYPT_MODE,
                                        key,
                                        new GCMParameterSpec(64, new byte[12])));
        cbc.init(Cipher.ENCRYPT_MODE, key);
        assertEquals(16, cbc.getIV().length);
        assertNotNull(cbc.getParameters());
        Cipher none = mine("AES/CBC/NoPadding");
        none.init(Cipher.ENCRYPT_MODE, key, new IvParameterSpec(new byte[16]));
        assertThrows(IllegalBlockSizeException.class, () -> none.doFinal(new byte[17]));
        cbc.init(Cipher.DECRYPT_MODE, key, new IvParameterSpec(new byte[16]));
        assertThrows(BadPaddingException.class, () -> cbc.doFinal(new byte[32]));
    }

    @Test
    void keysTravelUnderOtherKeys() throws Exception {
        SecretKeySpec kek = new SecretKeySpec(Bench.bytes(32, 9), "AES");
        SecretKeySpec inner = new SecretKeySpec(Bench.bytes(24, 8), "AES");
        Cipher wrap = mine("AES/CBC/PKCS5Padding");
        wrap.init(Cipher.WRAP_MODE, kek);
        byte[] wrapped = wrap.wrap(inner);
        Cipher unwrap = theirs("AES/CBC/PKCS5Padding");
        unwrap.init(Cipher.UNWRAP_MODE, kek, wrap.getParameters());
        assertEquals(inner, unwrap.unwrap(wrapped, "AES", Cipher.SECRET_KEY));
        wrap.init(Cipher.UNWRAP_MODE, kek, wrap.getParameters());
        assertEquals(inner, wrap.unwrap(wrapped, "AES", Cipher.SECRET_KEY));
    }

    @Test
    void manyMegabytesGoThroughAStreamOfTheJdk() throws Exception {
        SecretKeySpec key = new SecretKeySpec(Bench.bytes(16, 3), "AES");
        IvParameterSpec iv = new IvParameterSpec(Bench.bytes(16, 4));
        byte[] message = Bench.bytes(2_000_003, 5);
        Cipher cipher = mine("AES/CTR/NoPadding");
        cipher.init(Cipher.ENCRYPT_MODE, key, iv);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (javax.crypto.CipherOutputStream stream =
                new javax.crypto.CipherOutputStream(out, cipher)) {
            stream.write(message);
        }
        Cipher reference = theirs("AES/CTR/NoPadding");
        reference.init(Cipher.ENCRYPT_MODE, key, iv);
        assertArrayEquals(reference.doFinal(message), out.toByteArray());
        assertTrue(pool.statistics().jobs() > 0);
    }
}
