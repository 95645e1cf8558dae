package org.opensva.uacce.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobParameters;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/** What others have been fooled with: signatures, tags and points at the edges of their ranges. */
class ForgeryTest {

    /** FIPS 186-5, the order of P-256. */
    private static final BigInteger ORDER =
            new BigInteger("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16);

    /** RFC 8032 section 5.1, the order of the group of Ed25519. */
    private static final BigInteger ED_ORDER =
            BigInteger.TWO.pow(252).add(new BigInteger("27742317777372353535851937790883648493"));

    private final EngineBench bench = new EngineBench();

    private Vectors vector(Algorithm algorithm) {
        return Vectors.read("signature.txt").stream()
                .filter(each -> each.algorithm() == algorithm)
                .findFirst()
                .orElseThrow();
    }

    private void forged(Vectors vector, byte[] signature, int options) {
        Job job =
                bench.clear()
                        .transform(
                                Operation.VERIFY, vector.algorithm(), vector.bytes("message"), 0);
        JobParameters parameters =
                JobParameters.EMPTY
                        .withKey(bench.operand(vector.bytes("public")))
                        .withTag(bench.operand(signature))
                        .withOptions(options);
        assertEquals(
                JobStatus.AUTHENTICATION_FAILED,
                bench.run(bench.with(job, parameters)).status(),
                HexFormat.of().formatHex(signature));
    }

    private static byte[] der(BigInteger r, BigInteger s) {
        byte[] one = r.toByteArray();
        byte[] two = s.toByteArray();
        byte[] all = new byte[6 + one.length + two.length];
        all[0] = 0x30;
        all[1] = (byte) (4 + one.length + two.length);
        all[2] = 2;
        all[3] = (byte) one.length;
        System.arraycopy(one, 0, all, 4, one.length);
        all[4 + one.length] = 2;
        all[5 + one.length] = (byte) two.length;
        System.arraycopy(two, 0, all, 6 + one.length, two.length);
        return all;
    }

    private static byte[] plain(BigInteger r, BigInteger s) {
        byte[] all = new byte[64];
        for (int i = 0; i < 32; i++) {
            all[31 - i] = r.shiftRight(8 * i).byteValue();
            all[63 - i] = s.shiftRight(8 * i).byteValue();
        }
        return all;
    }

    @Test
    void ecdsaTakesNoNumbersOutsideItsRange() {
        Vectors vector = vector(Algorithm.ECDSA_SHA_256);
        byte[] good = vector.bytes("signature");
        int length = good[3];
        BigInteger r = new BigInteger(Arrays.copyOfRange(good, 4, 4 + length));
        BigInteger s = new BigInteger(Arrays.copyOfRange(good, 6 + length, good.length));
        List<BigInteger> edges =
                List.of(
                        BigInteger.ZERO,
                        BigInteger.ONE,
                        BigInteger.ONE.negate(),
                        ORDER,
                        ORDER.subtract(BigInteger.ONE),
                        ORDER.add(BigInteger.ONE));
        for (BigInteger edge : edges) {
            for (BigInteger other : edges) {
                forged(vector, der(edge, other), 0);
                forged(vector, plain(edge, other), JobParameters.PLAIN_SIGNATURE);
            }
            forged(vector, der(r, edge), 0);
            forged(vector, der(edge, s), 0);
        }
        forged(vector, der(r.add(ORDER), s), 0);
        forged(vector, der(r, s.add(ORDER)), 0);
        forged(vector, der(r, s.negate()), 0);
        forged(vector, new byte[0], 0);
        forged(vector, Arrays.copyOf(good, good.length + 1), 0);
        forged(vector, Arrays.copyOf(good, good.length - 1), 0);
        forged(vector, plain(r, s), 0);
        forged(vector, good, JobParameters.PLAIN_SIGNATURE);
        forged(vector, Arrays.copyOf(plain(r, s), 63), JobParameters.PLAIN_SIGNATURE);
        forged(vector, Arrays.copyOf(plain(r, s), 66), JobParameters.PLAIN_SIGNATURE);
    }

    @Test
    void ed25519TakesOneSignatureOnly() {
        Vectors vector = vector(Algorithm.ED25519);
        byte[] good = vector.bytes("signature");
        byte[] reversed = new byte[32];
        for (int i = 0; i < 32; i++) {
            reversed[i] = good[63 - i];
        }
        BigInteger larger = new BigInteger(1, reversed).add(ED_ORDER);
        byte[] malleated = good.clone();
        for (int i = 0; i < 32; i++) {
            malleated[32 + i] = larger.shiftRight(8 * i).byteValue();
        }
        forged(vector, malleated, 0);
        forged(vector, Arrays.copyOf(good, 63), 0);
        forged(vector, Arrays.copyOf(good, 65), 0);
        forged(vector, new byte[64], 0);
    }

    @Test
    void rsaTakesNoSignatureOfAnotherLengthOrPadding() {
        for (Algorithm algorithm :
                List.of(Algorithm.RSA_PKCS1_SHA_256, Algorithm.RSA_PSS_SHA_256)) {
            Vectors vector = vector(algorithm);
            byte[] good = vector.bytes("signature");
            forged(vector, new byte[good.length], 0);
            forged(vector, new byte[0], 0);
            forged(vector, Arrays.copyOf(good, good.length - 1), 0);
            forged(vector, Arrays.copyOf(good, good.length + 1), 0);
            byte[] shifted = new byte[good.length + 1];
            System.arraycopy(good, 0, shifted, 1, good.length);
            forged(vector, shifted, 0);
            byte[] ones = new byte[good.length];
            Arrays.fill(ones, (byte) 0xff);
            forged(vector, ones, 0);
            byte[] one = new byte[good.length];
            one[good.length - 1] = 1;
            forged(vector, one, 0);
        }
        Vectors other = vector(Algorithm.RSA_PKCS1_SHA_256);
        forged(other, vector(Algorithm.RSA_PKCS1_SHA_512).bytes("signature"), 0);
        forged(other, vector(Algorithm.RSA_PSS_SHA_256).bytes("signature"), 0);
    }

    @Test
    void pointsOfSmallOrderGiveNoSecret() {
        Vectors vector = Vectors.read("agreement.txt").getFirst();
        // RFC 7748 section 6.1 leaves the check to the receiver; these are the points of order
        // 1, 2, 4 and 8, and their other encodings.
        BigInteger prime = BigInteger.TWO.pow(255).subtract(BigInteger.valueOf(19));
        List<BigInteger> points =
                List.of(
                        BigInteger.ZERO,
                        BigInteger.ONE,
                        prime.subtract(BigInteger.ONE),
                        prime,
                        prime.add(BigInteger.ONE),
                        new BigInteger(
                                "325606250916557431795983626356110631294008115727848805560023387167927233504"),
                        new BigInteger(
                                "39382357235489614581723060781553021112529911719440698176882885853963445705823"));
        for (BigInteger point : points) {
            byte[] peer = vector.bytes("peer").clone();
            for (int i = 0; i < 32; i++) {
                peer[peer.length - 32 + i] = point.shiftRight(8 * i).byteValue();
            }
            Job job = bench.clear().transform(Operation.AGREE, Algorithm.X25519, peer, 32);
            JobParameters parameters =
                    JobParameters.EMPTY.withKey(bench.operand(vector.bytes("private")));
            assertEquals(
                    JobStatus.BAD_DATA,
                    bench.run(bench.with(job, parameters)).status(),
                    point.toString());
        }
    }
}
