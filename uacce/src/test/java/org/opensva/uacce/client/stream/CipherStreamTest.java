package org.opensva.uacce.client.stream;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.Operation;
import org.opensva.uacce.client.Bench;
import org.opensva.uacce.client.ContextPool;
import org.opensva.uacce.client.session.CipherParameters;
import org.opensva.uacce.client.session.CipherSession;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.Random;

import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

class CipherStreamTest {

    private static Bench bench;
    private static ContextPool pool;

    @BeforeAll
    static void open() {
        bench = new Bench(2);
        pool = bench.pool();
    }

    @AfterAll
    static void close() {
        pool.close();
        bench.close();
    }

    private static byte[] written(
            StreamConfig config, BlockCipher cipher, Operation operation, byte[] message, long seed)
            throws IOException {
        Random random = new Random(seed);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (OutputStream stream =
                new AcceleratedCipherOutputStream(out, pool, config, cipher, operation)) {
            for (int at = 0; at < message.length; ) {
                int part = Math.min(message.length - at, 1 + random.nextInt(5000));
                stream.write(message, at, part);
                at += part;
            }
        }
        return out.toByteArray();
    }

    private static byte[] read(
            StreamConfig config, BlockCipher cipher, Operation operation, byte[] message)
            throws IOException {
        try (InputStream stream =
                new AcceleratedCipherInputStream(
                        new ByteArrayInputStream(message), pool, config, cipher, operation)) {
            return stream.readAllBytes();
        }
    }

    private static BlockCipher cipher(String name, byte[] key, byte[] iv) {
        BlockCipher cipher =
                switch (name.substring(4, 7)) {
                    case "ECB" -> BlockCipher.ecb(key);
                    case "CBC" -> BlockCipher.cbc(key, iv);
                    default -> BlockCipher.ctr(key, iv);
                };
        return name.endsWith("PKCS5Padding") ? cipher.withPadding() : cipher;
    }

    /** Messages, pieces and blocks of any size, and counters that run over inside of them. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "AES/ECB/NoPadding",
                "AES/ECB/PKCS5Padding",
                "AES/CBC/NoPadding",
                "AES/CBC/PKCS5Padding",
                "AES/CTR/NoPadding"
            })
    void aStreamIsWhatTheJdkMakesOfTheWhole(String name) throws Exception {
        for (int seed = 0; seed < 40; seed++) {
            Random random = new Random(seed);
            byte[] key = Bench.bytes(16 + 8 * random.nextInt(3), seed);
            byte[] iv = Bench.bytes(16, seed + 1000);
            Arrays.fill(iv, 16 - random.nextInt(17), 16, (byte) 0xff);
            int length = seed == 0 ? 0 : random.nextInt(40_000);
            boolean whole = name.endsWith("NoPadding") && !name.contains("CTR");
            byte[] message = Bench.bytes(whole ? length & -16 : length, seed);
            Cipher jdk = Cipher.getInstance(name, "SunJCE");
            jdk.init(
                    Cipher.ENCRYPT_MODE,
                    new SecretKeySpec(key, "AES"),
                    name.contains("ECB") ? null : new IvParameterSpec(iv));
            byte[] secret = jdk.doFinal(message);
            StreamConfig config =
                    new StreamConfig(16 * (1 + random.nextInt(300)), 1 + random.nextInt(5), false);
            BlockCipher cipher = cipher(name, key, iv);
            String what = name + ", seed " + seed;
            assertArrayEquals(
                    secret, written(config, cipher, Operation.ENCRYPT, message, seed), what);
            assertArrayEquals(secret, read(config, cipher, Operation.ENCRYPT, message), what);
            assertArrayEquals(
                    message, written(config, cipher, Operation.DECRYPT, secret, seed), what);
            assertArrayEquals(message, read(config, cipher, Operation.DECRYPT, secret), what);
        }
    }

    @Test
    void dataUnitsAreNumberedAcrossBlocks() throws IOException {
        for (int seed = 0; seed < 30; seed++) {
            Random random = new Random(seed);
            int unit = 16 + random.nextInt(600);
            byte[] keys = Bench.bytes(random.nextBoolean() ? 32 : 64, seed);
            byte[] number = Bench.bytes(16, seed + 1000);
            Arrays.fill(number, 0, random.nextInt(17), (byte) 0xff);
            int blocks = 1 + random.nextInt(4);
            int last = random.nextBoolean() ? 0 : 16 + random.nextInt(unit - 15);
            byte[] message = Bench.bytes(unit * random.nextInt(30) + last, seed);
            if (message.length == 0) {
                continue;
            }
            // Blocks are of 16 bytes and of units both.
            int grain = unit * 16;
            BlockCipher cipher = BlockCipher.xts(keys, number, unit);
            StreamConfig config = new StreamConfig(grain * blocks, 3, false);
            byte[] expected;
            try (CipherSession session = new CipherSession(pool, Algorithm.AES_XTS, keys)) {
                expected =
                        session.encrypt(
                                new CipherParameters(number, new byte[0], 0, unit), message);
            }
            byte[] secret = written(config, cipher, Operation.ENCRYPT, message, seed);
            assertArrayEquals(expected, secret, "seed " + seed);
            assertArrayEquals(
                    message, read(config, cipher, Operation.DECRYPT, secret), "seed " + seed);
        }
    }

    @Test
    void whatIsNoWholeBlocksOrWronglyPaddedIsSaidAtTheEnd() throws IOException {
        byte[] key = Bench.bytes(16, 1);
        byte[] iv = Bench.bytes(16, 2);
        StreamConfig config = new StreamConfig(64, 3, false);
        BlockCipher plain = BlockCipher.cbc(key, iv);
        for (Operation operation : new Operation[] {Operation.ENCRYPT, Operation.DECRYPT}) {
            assertThrows(IOException.class, () -> read(config, plain, operation, new byte[1001]));
            assertThrows(
                    IOException.class, () -> written(config, plain, operation, new byte[1001], 3));
        }
        BlockCipher padded = plain.withPadding();
        byte[] secret = read(config, padded, Operation.ENCRYPT, new byte[1001]);
        assertEquals(1008, secret.length);
        assertThrows(
                IOException.class,
                () -> read(config, padded, Operation.DECRYPT, Arrays.copyOf(secret, 992)));
        secret[secret.length - 1] ^= 1;
        assertThrows(IOException.class, () -> read(config, padded, Operation.DECRYPT, secret));
        assertEquals(0, read(config, padded, Operation.DECRYPT, new byte[0]).length);
    }

    /** Reading a part and going away costs nothing that does not come back. */
    @Test
    void streamsThatAreLeftGiveTheirMemoryBack() throws IOException {
        try (ContextPool small = bench.pool(Bench.config().withBufferLimit(1 << 20))) {
            BlockCipher cipher = BlockCipher.cbc(Bench.bytes(16, 1), Bench.bytes(16, 2));
            StreamConfig config = new StreamConfig(4096, 8, false);
            for (int i = 0; i < 100; i++) {
                InputStream in =
                        new AcceleratedCipherInputStream(
                                new ByteArrayInputStream(new byte[100_001]),
                                small,
                                config,
                                cipher.withPadding(),
                                i % 2 == 0 ? Operation.DECRYPT : Operation.ENCRYPT);
                assertEquals(0, in.skip(0));
                assertEquals(10_000, in.readNBytes(10_000).length);
                assertEquals(true, in.available() > 0);
                in.close();
                in.close();
                assertThrows(IOException.class, in::read);
            }
        }
    }

    @Test
    void whatAModeDoesNotTakeIsRefusedAtOnce() {
        byte[] key = new byte[16];
        byte[] iv = new byte[16];
        Class<IllegalArgumentException> refused = IllegalArgumentException.class;
        assertThrows(refused, () -> BlockCipher.ecb(new byte[17]));
        assertThrows(refused, () -> BlockCipher.cbc(key, new byte[12]));
        assertThrows(refused, () -> BlockCipher.xts(key, iv, 512));
        assertThrows(refused, () -> BlockCipher.xts(new byte[48], iv, 512));
        assertThrows(refused, () -> BlockCipher.xts(new byte[64], iv, 15));
        assertThrows(refused, () -> BlockCipher.ctr(key, iv).withPadding());
        BlockCipher xts = BlockCipher.xts(new byte[64], iv, 512);
        OutputStream out = OutputStream.nullOutputStream();
        assertThrows(
                refused,
                () ->
                        new AcceleratedCipherOutputStream(
                                        out,
                                        pool,
                                        new StreamConfig(768, 1, false),
                                        xts,
                                        Operation.ENCRYPT)
                                .close());
        assertThrows(
                refused,
                () -> new AcceleratedCipherOutputStream(out, pool, xts, Operation.DIGEST).close());
    }
}
