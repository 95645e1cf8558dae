package org.opensva.uacce.client.jca;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.Engine;
import org.opensva.api.accelerator.JobExecution;
import org.opensva.api.accelerator.Operation;
import org.opensva.uacce.client.Bench;
import org.opensva.uacce.client.ContextPool;
import org.opensva.uacce.engine.StandardEngines;

import java.nio.ByteBuffer;
import java.security.DigestException;
import java.security.InvalidKeyException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.Provider;
import java.security.ProviderException;
import java.security.Security;
import java.security.Signature;
import java.util.Arrays;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;

import javax.crypto.Mac;
import javax.crypto.ShortBufferException;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

class DigestDifferentialTest {

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

    /** Any sequence of updates, resets, clones and ends, side by side with the JDK's own. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "MD5",
                "SHA-1",
                "SHA-224",
                "SHA-256",
                "SHA-384",
                "SHA-512",
                "SHA-512/224",
                "SHA-512/256",
                "SHA3-224",
                "SHA3-256",
                "SHA3-384",
                "SHA3-512"
            })
    void aDigestDoesWhatTheJdksDoes(String name) throws Exception {
        Random random = new Random(name.hashCode());
        MessageDigest mine = MessageDigest.getInstance(name, ours);
        MessageDigest theirs = MessageDigest.getInstance(name);
        assertEquals(theirs.getDigestLength(), mine.getDigestLength());
        for (int step = 0; step < 120; step++) {
            byte[] bytes = Bench.bytes(random.nextInt(3000), step);
            switch (random.nextInt(8)) {
                case 0 -> {
                    mine.update((byte) step);
                    theirs.update((byte) step);
                }
                case 1 -> {
                    ByteBuffer direct = ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
                    mine.update(direct);
                    assertEquals(0, direct.remaining());
                    theirs.update(bytes);
                }
                case 2 -> {
                    mine = (MessageDigest) mine.clone();
                    theirs = (MessageDigest) theirs.clone();
                }
                case 3 -> {
                    MessageDigest branch = (MessageDigest) mine.clone();
                    MessageDigest other = (MessageDigest) theirs.clone();
                    mine.update(bytes);
                    theirs.update(bytes);
                    assertArrayEquals(other.digest(), branch.digest(), "not what came after");
                }
                case 4 -> assertArrayEquals(theirs.digest(), mine.digest());
                case 5 -> {
                    mine.reset();
                    theirs.reset();
                }
                default -> {
                    int from = random.nextInt(bytes.length + 1);
                    mine.update(bytes, from, bytes.length - from);
                    theirs.update(bytes, from, bytes.length - from);
                }
            }
        }
        assertArrayEquals(theirs.digest(), mine.digest());
    }

    @Test
    void aMessageOfAnyLengthIsDigestedByAStream() throws Exception {
        MessageDigest mine = MessageDigest.getInstance("SHA-256", ours);
        MessageDigest theirs = MessageDigest.getInstance("SHA-256");
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < 7; i++) {
                byte[] bytes = Bench.bytes(700_000 * (i % 3), i);
                mine.update(bytes);
                theirs.update(bytes);
            }
            assertThrows(CloneNotSupportedException.class, mine::clone);
            assertArrayEquals(theirs.digest(), mine.digest());
            mine.update(new byte[5_000_000]);
            mine.reset();
        }
    }

    @Test
    void aRangeThatIsTooSmallForADigestIsRefused() throws Exception {
        MessageDigest mine = MessageDigest.getInstance("SHA-512", ours);
        assertThrows(DigestException.class, () -> mine.digest(new byte[63], 0, 63));
        byte[] large = new byte[70];
        assertEquals(64, mine.digest(large, 3, 66));
        byte[] empty = MessageDigest.getInstance("SHA-512").digest();
        assertArrayEquals(empty, Arrays.copyOfRange(large, 3, 67));
    }

    @ParameterizedTest
    @ValueSource(strings = {"HmacMD5", "HmacSHA1", "HmacSHA256", "HmacSHA512", "HmacSHA3-256"})
    void aMacDoesWhatTheJdksDoes(String name) throws Exception {
        Random random = new Random(name.hashCode());
        for (int round = 0; round < 12; round++) {
            int size = round == 0 ? 1 : round == 1 ? 9000 : 1 + random.nextInt(300);
            SecretKeySpec key = new SecretKeySpec(Bench.bytes(size, round), name);
            Mac mine = Mac.getInstance(name, ours);
            Mac theirs = Mac.getInstance(name, "SunJCE");
            assertThrows(IllegalStateException.class, () -> mine.update((byte) 1));
            mine.init(key);
            theirs.init(key);
            assertEquals(theirs.getMacLength(), mine.getMacLength());
            for (int step = 0; step < 20; step++) {
                byte[] bytes = Bench.bytes(random.nextInt(2000), step);
                switch (random.nextInt(5)) {
                    case 0 -> {
                        mine.update(ByteBuffer.wrap(bytes).asReadOnlyBuffer());
                        theirs.update(bytes);
                    }
                    case 1 -> assertArrayEquals(theirs.doFinal(), mine.doFinal());
                    case 2 -> {
                        Mac branch = (Mac) mine.clone();
                        Mac other = (Mac) theirs.clone();
                        assertArrayEquals(other.doFinal(bytes), branch.doFinal(bytes));
                    }
                    case 3 -> {
                        mine.reset();
                        theirs.reset();
                    }
                    default -> {
                        mine.update(bytes);
                        theirs.update(bytes);
                    }
                }
            }
            assertThrows(
                    ShortBufferException.class,
                    () -> mine.doFinal(new byte[mine.getMacLength() - 1], 0));
            assertArrayEquals(theirs.doFinal(), mine.doFinal());
        }
    }

    @Test
    void whatIsNoKeyForAMacIsRefused() throws Exception {
        Mac mac = Mac.getInstance("HmacSHA256", ours);
        assertThrows(InvalidKeyException.class, () -> mac.init(null));
        SecretKeySpec key = new SecretKeySpec(new byte[8], "HmacSHA256");
        assertThrows(
                java.security.InvalidAlgorithmParameterException.class,
                () -> mac.init(key, new IvParameterSpec(new byte[16])));
    }

    @Test
    void algorithmsHaveTheNamesThatTheJdkKnows() throws Exception {
        byte[] expected = MessageDigest.getInstance("SHA-256").digest();
        for (String name : new String[] {"SHA256", "2.16.840.1.101.3.4.2.1", "sha-256"}) {
            boolean known = Security.getProvider("SUN").getService("MessageDigest", name) != null;
            if (known) {
                assertArrayEquals(expected, MessageDigest.getInstance(name, ours).digest());
            }
        }
        assertEquals(20, MessageDigest.getInstance("SHA1", ours).digest().length);
        assertEquals(20, MessageDigest.getInstance("SHA", ours).digest().length);
        assertEquals(
                32, MessageDigest.getInstance("2.16.840.1.101.3.4.2.1", ours).getDigestLength());
        assertEquals(ours, Signature.getInstance("1.2.840.113549.1.1.11", ours).getProvider());
        assertEquals(ours, Mac.getInstance("1.2.840.113549.2.9", ours).getProvider());
    }

    @Test
    void aProviderWithoutItsPoolStepsAside() throws Exception {
        try (Bench other = new Bench(1)) {
            ContextPool gone = other.pool();
            OpenSvaProvider provider = new OpenSvaProvider(gone);
            int place = Security.insertProviderAt(provider, 1);
            try {
                assertEquals(1, place);
                assertEquals(provider, MessageDigest.getInstance("SHA-256").getProvider());
                other.labs.getFirst().device.remove();
                gone.close();
                assertEquals("SUN", MessageDigest.getInstance("SHA-256").getProvider().getName());
                Mac mac = Mac.getInstance("HmacSHA256");
                mac.init(new SecretKeySpec(new byte[1], "HmacSHA256"));
                assertEquals(32, mac.doFinal().length);
                assertThrows(
                        NoSuchAlgorithmException.class,
                        () -> MessageDigest.getInstance("SHA-256", provider));
            } finally {
                Security.removeProvider(OpenSvaProvider.NAME);
            }
        }
    }

    /** A device for a few algorithms must not take the others from the JDK. */
    @Test
    void onlyWhatADeviceHasIsOffered() throws Exception {
        try (Bench other = new Bench(1, Sha256Engine::new, 8);
                ContextPool few = other.pool()) {
            OpenSvaProvider provider = new OpenSvaProvider(few);
            assertArrayEquals(
                    MessageDigest.getInstance("SHA-256").digest(new byte[5]),
                    MessageDigest.getInstance("SHA-256", provider).digest(new byte[5]));
            assertEquals(
                    Set.of("SHA-256"),
                    provider.getServices().stream()
                            .map(Provider.Service::getAlgorithm)
                            .collect(Collectors.toSet()));
        }
    }

    private static final class Sha256Engine implements Engine {
        private final Engine all = new StandardEngines().create();

        @Override
        public Set<Operation> operations() {
            return Set.of(Operation.DIGEST);
        }

        @Override
        public Set<Algorithm> algorithms() {
            return Set.of(Algorithm.SHA_256);
        }

        @Override
        public int flags() {
            return all.flags();
        }

        @Override
        public void execute(JobExecution job) {
            all.execute(job);
        }
    }

    /** The JDK's own know no interrupts; nor may what stands in for them. */
    @Test
    void aThreadThatIsInterruptedGetsItsDigestAndStaysInterrupted() throws Exception {
        MessageDigest mine = MessageDigest.getInstance("SHA-256", ours);
        MessageDigest theirs = MessageDigest.getInstance("SHA-256");
        for (int size : new int[] {100, 500_000, 3_000_000}) {
            byte[] bytes = Bench.bytes(size, size);
            Thread.currentThread().interrupt();
            byte[] made;
            boolean still;
            try {
                made = mine.digest(bytes);
            } finally {
                still = Thread.interrupted();
            }
            assertArrayEquals(theirs.digest(bytes), made);
            assertTrue(still);
        }
    }

    /** Programs drop digests half-way, and close nothing. */
    @Test
    void digestsThatNobodyHasAnyMoreGiveTheirStreamsBack() throws Exception {
        try (Bench other = new Bench(1);
                ContextPool pool =
                        other.pool(Bench.config().withContexts(1, 4).withBufferLimit(8 << 20))) {
            OpenSvaProvider provider = new OpenSvaProvider(pool);
            byte[] much = new byte[(1 << 20) + 1];
            MessageDigest.getInstance("SHA-256", provider).update(much);
            long taken = pool.bufferBytes();
            // As many as there are buffers would fail at the seventeenth, were they kept.
            for (int i = 0; i < 60; i++) {
                drop(provider, much);
            }
            assertTrue(pool.bufferBytes() >= taken);
        }
    }

    private static void drop(OpenSvaProvider provider, byte[] much) throws Exception {
        for (int attempt = 0; ; attempt++) {
            try {
                MessageDigest.getInstance("SHA-256", provider).update(much);
                return;
            } catch (ProviderException e) {
                // Memory is short: as a machine's, it comes back with a collection.
                if (attempt == 100) {
                    throw e;
                }
                System.gc();
                Thread.yield();
            }
        }
    }

    @Test
    void aProviderWithoutItsPoolSaysSo() throws Exception {
        try (Bench other = new Bench(1)) {
            ContextPool gone = other.pool();
            MessageDigest digest = MessageDigest.getInstance("MD5", new OpenSvaProvider(gone));
            gone.close();
            ProviderException told =
                    assertThrows(ProviderException.class, () -> digest.digest(new byte[1]));
            assertEquals("the pool is closed", told.getMessage());
        }
    }
}
