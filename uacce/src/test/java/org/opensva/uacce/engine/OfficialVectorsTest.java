package org.opensva.uacce.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobParameters;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operand;
import org.opensva.api.accelerator.Operation;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;

/** The values that the standards themselves give. Each file says where they are from. */
class OfficialVectorsTest {

    private final EngineBench bench = new EngineBench();

    @Test
    void digestsAreThoseOfFips180AndFips202() {
        Set<Algorithm> seen = EnumSet.noneOf(Algorithm.class);
        for (Vectors vector : Vectors.read("digest.txt")) {
            bench.clear();
            Job job =
                    bench.transform(
                            Operation.DIGEST, vector.algorithm(), vector.bytes("message"), 64);
            assertArrayEquals(vector.bytes("digest"), bench.output(job), vector.toString());
            seen.add(vector.algorithm());
        }
        assertEquals(EnumSet.range(Algorithm.MD5, Algorithm.SHA3_512), seen);
    }

    @Test
    void macsAreThoseOfRfc4231() {
        Set<Algorithm> seen = EnumSet.noneOf(Algorithm.class);
        for (Vectors vector : Vectors.read("hmac.txt")) {
            bench.clear();
            JobParameters parameters =
                    JobParameters.EMPTY.withKey(bench.operand(vector.bytes("key")));
            assertArrayEquals(
                    vector.bytes("mac"),
                    bench.output(
                            Operation.MAC, vector.algorithm(), vector.bytes("message"), parameters),
                    vector.toString());
            seen.add(vector.algorithm());
        }
        assertEquals(EnumSet.range(Algorithm.MD5, Algorithm.SHA3_512), seen);
    }

    @Test
    void blockModesAreThoseOfSp80038A() {
        for (Vectors vector : Vectors.read("aes.txt")) {
            both(
                    vector,
                    vector.algorithm(),
                    JobParameters.EMPTY
                            .withKey(bench.clear().operand(vector.bytes("key")))
                            .withIv(bench.operand(vector.bytes("iv"))));
        }
    }

    @Test
    void xtsIsThatOfIeee1619() {
        for (Vectors vector : Vectors.read("aes-xts.txt")) {
            both(
                    vector,
                    Algorithm.AES_XTS,
                    JobParameters.EMPTY
                            .withKey(bench.clear().operand(vector.bytes("key")))
                            .withIv(bench.operand(vector.bytes("unit"))));
        }
    }

    private void both(Vectors vector, Algorithm algorithm, JobParameters parameters) {
        assertArrayEquals(
                vector.bytes("cipher"),
                bench.output(Operation.ENCRYPT, algorithm, vector.bytes("plain"), parameters),
                vector.toString());
        assertArrayEquals(
                vector.bytes("plain"),
                bench.output(Operation.DECRYPT, algorithm, vector.bytes("cipher"), parameters),
                vector.toString());
    }

    @Test
    void gcmIsThatOfSp80038DWithTheTagBehindTheTextAndApart() {
        for (Vectors vector : Vectors.read("aes-gcm.txt")) {
            byte[] plain = vector.bytes("plain");
            byte[] cipher = vector.bytes("cipher");
            byte[] tag = vector.bytes("tag");
            JobParameters parameters =
                    JobParameters.EMPTY
                            .withKey(bench.clear().operand(vector.bytes("key")))
                            .withIv(bench.operand(vector.bytes("iv")))
                            .withAssociated(bench.operand(vector.bytes("associated")));
            byte[] both = Arrays.copyOf(cipher, cipher.length + tag.length);
            System.arraycopy(tag, 0, both, cipher.length, tag.length);
            assertArrayEquals(
                    both, bench.output(Operation.ENCRYPT, Algorithm.AES_GCM, plain, parameters));
            assertArrayEquals(
                    plain, bench.output(Operation.DECRYPT, Algorithm.AES_GCM, both, parameters));

            long place = bench.room(tag.length);
            JobParameters apart = parameters.withTag(new Operand(place, tag.length));
            assertArrayEquals(
                    cipher, bench.output(Operation.ENCRYPT, Algorithm.AES_GCM, plain, apart));
            assertArrayEquals(tag, bench.get(place, tag.length));
            assertArrayEquals(
                    plain, bench.output(Operation.DECRYPT, Algorithm.AES_GCM, cipher, apart));
        }
    }

    @Test
    void secretsAreThoseOfRfc7748AndRfc5903() {
        for (Vectors vector : Vectors.read("agreement.txt")) {
            JobParameters parameters =
                    JobParameters.EMPTY.withKey(bench.clear().operand(vector.bytes("private")));
            assertArrayEquals(
                    vector.bytes("secret"),
                    bench.output(
                            Operation.AGREE, vector.algorithm(), vector.bytes("peer"), parameters));
        }
    }

    @Test
    void signaturesAreThoseOfRfc8032AndRfc6979AndOfOpenSsl() {
        Set<Algorithm> seen = EnumSet.noneOf(Algorithm.class);
        for (Vectors vector : Vectors.read("signature.txt")) {
            byte[] message = vector.bytes("message");
            byte[] wanted = vector.bytes("signature");
            JobParameters secret =
                    JobParameters.EMPTY.withKey(bench.clear().operand(vector.bytes("private")));
            JobParameters known =
                    JobParameters.EMPTY.withKey(bench.operand(vector.bytes("public")));
            assertEquals(JobStatus.SUCCESS, verify(vector, known, message, wanted));
            byte[] made = bench.output(Operation.SIGN, vector.algorithm(), message, secret);
            assertEquals(JobStatus.SUCCESS, verify(vector, known, message, made));
            if (vector.is("fixed")) {
                assertArrayEquals(wanted, made);
            }
            for (int bit = 0; bit < 8 * wanted.length; bit += 29) {
                byte[] damaged = wanted.clone();
                damaged[bit / 8] ^= (byte) (1 << bit % 8);
                assertEquals(
                        JobStatus.AUTHENTICATION_FAILED, verify(vector, known, message, damaged));
            }
            byte[] other = Arrays.copyOf(message, message.length + 1);
            if (vector.algorithm() != Algorithm.ECDSA_PREHASHED) {
                assertEquals(JobStatus.AUTHENTICATION_FAILED, verify(vector, known, other, wanted));
            }
            seen.add(vector.algorithm());
        }
        assertEquals(EnumSet.range(Algorithm.RSA_PKCS1_SHA_256, Algorithm.ED25519), seen);
    }

    private JobStatus verify(
            Vectors vector, JobParameters known, byte[] message, byte[] signature) {
        Job job = bench.transform(Operation.VERIFY, vector.algorithm(), message, 0);
        return bench.run(bench.with(job, known.withTag(bench.operand(signature)))).status();
    }

    @Test
    void whatOpenSslEncryptedWithRsaIsDecryptedAndTheOtherWayRound() {
        for (Vectors vector : Vectors.read("rsa.txt")) {
            JobParameters secret =
                    JobParameters.EMPTY.withKey(bench.clear().operand(vector.bytes("private")));
            JobParameters known =
                    JobParameters.EMPTY.withKey(bench.operand(vector.bytes("public")));
            byte[] plain = vector.bytes("plain");
            assertArrayEquals(
                    plain,
                    bench.output(
                            Operation.DECRYPT, vector.algorithm(), vector.bytes("cipher"), secret));
            byte[] made = bench.output(Operation.ENCRYPT, vector.algorithm(), plain, known);
            assertArrayEquals(
                    plain, bench.output(Operation.DECRYPT, vector.algorithm(), made, secret));
        }
    }
}
