package org.opensva.linux.uacce;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobParameters;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operand;
import org.opensva.api.accelerator.Operation;
import org.opensva.linux.uacce.spec.HpreDescriptor;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import java.util.Arrays;

import javax.crypto.KeyAgreement;

/**
 * Key agreement as {@code hisi_hpre} is asked for it: arithmetic that knows nothing but the numbers
 * that the descriptor points to comes to the secret that the keys have.
 */
class HpreFormatTest {

    private static final int KEY = 0x5000;
    private static final int PEER = 0x6000;
    private static final int BLOCK = 0x7000;
    private static final int SECRET = 0x7800;

    private final FakeProcess process = new FakeProcess();
    private final HpreFormat format = new HpreFormat(process, 4);

    private Job job(Algorithm algorithm, byte[] key, byte[] peer) {
        process.store(KEY, key);
        process.store(PEER, peer);
        process.store(BLOCK, JobParameters.EMPTY.withKey(new Operand(KEY, key.length)).encode());
        return Job.transform(Operation.AGREE, algorithm, PEER, peer.length, SECRET, 64)
                .withParameters(BLOCK);
    }

    private BigInteger number(long address, int index, int size) {
        return new BigInteger(1, process.load(address + (long) index * size, size));
    }

    private static byte[] bytes(BigInteger value, int size) {
        byte[] all = new byte[size];
        byte[] some = value.toByteArray();
        int length = Math.min(some.length, size);
        System.arraycopy(some, some.length - length, all, size - length, length);
        return all;
    }

    private void agree(String generator, Algorithm algorithm, int multiplication)
            throws GeneralSecurityException {
        KeyPairGenerator keys =
                KeyPairGenerator.getInstance(algorithm == Algorithm.X25519 ? "X25519" : "EC");
        if (algorithm == Algorithm.ECDH) {
            keys.initialize(new ECGenParameterSpec(generator));
        }
        KeyPair own = keys.generateKeyPair();
        KeyPair other = keys.generateKeyPair();
        Job job = job(algorithm, own.getPrivate().getEncoded(), other.getPublic().getEncoded());
        QueueFormat.Work work = assertInstanceOf(QueueFormat.Work.class, format.encode(2, job));
        byte[] descriptor = work.descriptor().clone();
        assertEquals(multiplication, HpreDescriptor.ALGORITHM.get(descriptor));
        long key = HpreDescriptor.KEY.get(descriptor);
        compute(descriptor);
        HpreDescriptor.DONE.set(descriptor, HpreDescriptor.FINISHED);
        JobResult result = work.outcome().result(descriptor);

        KeyAgreement expected =
                KeyAgreement.getInstance(algorithm == Algorithm.X25519 ? "X25519" : "ECDH");
        expected.init(own.getPrivate());
        expected.doPhase(other.getPublic(), true);
        byte[] secret = expected.generateSecret();
        assertEquals(JobStatus.SUCCESS, result.status());
        assertEquals(secret.length, result.produced());
        assertArrayEquals(secret, process.load(SECRET, secret.length));
        assertArrayEquals(new byte[512], process.load(key, 512), "numbers are left behind");
    }

    /** The device. */
    private void compute(byte[] descriptor) {
        int size = (int) (HpreDescriptor.SIZE_UNITS.get(descriptor) + 1) * 8;
        long key = HpreDescriptor.KEY.get(descriptor);
        long in = HpreDescriptor.SOURCE.get(descriptor);
        long out = HpreDescriptor.DESTINATION.get(descriptor);
        BigInteger p = number(key, 0, size);
        BigInteger a = number(key, 1, size);
        BigInteger scalar = number(key, 2, size);
        if (HpreDescriptor.ALGORITHM.get(descriptor) == HpreDescriptor.MULTIPLY_X) {
            process.store(out, bytes(ladder(p, a, scalar, number(in, 0, size)), size));
            return;
        }
        BigInteger[] point = {number(in, 0, size), number(in, 1, size)};
        BigInteger[] sum = null;
        for (int bit = scalar.bitLength() - 1; bit >= 0; bit--) {
            sum = add(sum, sum, p, a);
            sum = scalar.testBit(bit) ? add(sum, point, p, a) : sum;
        }
        process.store(out, bytes(sum[0], size));
        process.store(out + size, bytes(sum[1], size));
    }

    private static BigInteger[] add(
            BigInteger[] left, BigInteger[] right, BigInteger p, BigInteger a) {
        if (left == null || right == null) {
            return left == null ? right : left;
        }
        boolean same = Arrays.equals(left, right);
        BigInteger above =
                same
                        ? left[0].pow(2).multiply(BigInteger.valueOf(3)).add(a)
                        : right[1].subtract(left[1]);
        BigInteger below = same ? left[1].shiftLeft(1) : right[0].subtract(left[0]);
        BigInteger slope = above.multiply(below.modInverse(p)).mod(p);
        BigInteger x = slope.pow(2).subtract(left[0]).subtract(right[0]).mod(p);
        BigInteger y = slope.multiply(left[0].subtract(x)).subtract(left[1]).mod(p);
        return new BigInteger[] {x, y};
    }

    /** RFC 7748 section 5, without its care for timing. */
    private static BigInteger ladder(BigInteger p, BigInteger a, BigInteger scalar, BigInteger u) {
        BigInteger constant = a.subtract(BigInteger.TWO).shiftRight(2);
        BigInteger x2 = BigInteger.ONE;
        BigInteger z2 = BigInteger.ZERO;
        BigInteger x3 = u;
        BigInteger z3 = BigInteger.ONE;
        for (int bit = 254; bit >= 0; bit--) {
            boolean swap = scalar.testBit(bit);
            BigInteger xa = swap ? x3 : x2;
            BigInteger za = swap ? z3 : z2;
            BigInteger xb = swap ? x2 : x3;
            BigInteger zb = swap ? z2 : z3;
            BigInteger sumA = xa.add(za).pow(2).mod(p);
            BigInteger differenceA = xa.subtract(za).pow(2).mod(p);
            BigInteger e = sumA.subtract(differenceA);
            BigInteger da = xb.subtract(zb).multiply(xa.add(za));
            BigInteger cb = xb.add(zb).multiply(xa.subtract(za));
            BigInteger nextXb = da.add(cb).pow(2).mod(p);
            BigInteger nextZb = u.multiply(da.subtract(cb).pow(2)).mod(p);
            BigInteger nextXa = sumA.multiply(differenceA).mod(p);
            BigInteger nextZa = e.multiply(sumA.add(constant.multiply(e))).mod(p);
            x2 = swap ? nextXb : nextXa;
            z2 = swap ? nextZb : nextZa;
            x3 = swap ? nextXa : nextXb;
            z3 = swap ? nextZa : nextZb;
        }
        return x2.multiply(z2.modInverse(p)).mod(p);
    }

    @Test
    void curve25519() throws GeneralSecurityException {
        agree("", Algorithm.X25519, HpreDescriptor.MULTIPLY_X);
    }

    @Test
    void p256() throws GeneralSecurityException {
        agree("secp256r1", Algorithm.ECDH, HpreDescriptor.MULTIPLY_POINT);
    }

    @Test
    void p384() throws GeneralSecurityException {
        agree("secp384r1", Algorithm.ECDH, HpreDescriptor.MULTIPLY_POINT);
    }

    @Test
    void keysThatAreNoneAreRefused() throws GeneralSecurityException {
        KeyPairGenerator keys = KeyPairGenerator.getInstance("EC");
        keys.initialize(new ECGenParameterSpec("secp256r1"));
        byte[] good = keys.generateKeyPair().getPublic().getEncoded();
        QueueFormat.Encoding answer =
                format.encode(0, job(Algorithm.ECDH, new byte[] {0x30, 0x03, 1, 2, 3}, good));
        assertEquals(
                JobStatus.BAD_PARAMETERS,
                assertInstanceOf(QueueFormat.Refusal.class, answer).result().status());
    }

    @Test
    void aCurveThatTheDeviceHasNotIsRefused() throws GeneralSecurityException {
        KeyPairGenerator keys = KeyPairGenerator.getInstance("EC");
        keys.initialize(new ECGenParameterSpec("secp521r1"));
        KeyPair pair = keys.generateKeyPair();
        QueueFormat.Encoding answer =
                format.encode(
                        0,
                        job(
                                Algorithm.ECDH,
                                pair.getPrivate().getEncoded(),
                                pair.getPublic().getEncoded()));
        assertEquals(
                JobStatus.UNSUPPORTED,
                assertInstanceOf(QueueFormat.Refusal.class, answer).result().status());
    }
}
