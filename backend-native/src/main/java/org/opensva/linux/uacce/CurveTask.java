package org.opensva.linux.uacce;

import org.opensva.api.accelerator.Algorithm;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.XECPrivateKey;
import java.security.interfaces.XECPublicKey;
import java.security.spec.ECFieldFp;
import java.security.spec.ECParameterSpec;
import java.security.spec.EllipticCurve;
import java.security.spec.NamedParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.Optional;

/**
 * A multiplication on a curve, as numbers that {@code hisi_hpre} takes ({@code hpre_ecdh_ctx} and
 * {@code hpre_curve25519_ctx} in {@code drivers/crypto/hisilicon/hpre/hpre_crypto.c}; UADK {@code
 * ecc_prepare_prikey}).
 */
final class CurveTask {

    /** RFC 7748 section 4.1. */
    private static final BigInteger P_25519 =
            BigInteger.ONE.shiftLeft(255).subtract(BigInteger.valueOf(19));

    private static final BigInteger A_25519 = BigInteger.valueOf(486662);
    private static final int SIZE_25519 = 32;

    private final boolean montgomery;
    private final int size;
    private final byte[] key;
    private final byte[] input;

    private CurveTask(boolean montgomery, int size, byte[] key, byte[] input) {
        this.montgomery = montgomery;
        this.size = size;
        this.key = key;
        this.input = input;
    }

    /**
     * Reads keys.
     *
     * @param algorithm ECDH or X25519
     * @param key PKCS #8
     * @param peer X.509
     * @return the numbers; empty if the device does not know the curve
     * @throws GeneralSecurityException if they are no keys of one curve
     */
    static Optional<CurveTask> of(Algorithm algorithm, byte[] key, byte[] peer)
            throws GeneralSecurityException {
        return algorithm == Algorithm.X25519
                ? Optional.of(montgomery(key, peer))
                : weierstrass(key, peer);
    }

    private static CurveTask montgomery(byte[] key, byte[] peer) throws GeneralSecurityException {
        KeyFactory factory = KeyFactory.getInstance("X25519");
        XECPrivateKey own = (XECPrivateKey) factory.generatePrivate(new PKCS8EncodedKeySpec(key));
        XECPublicKey other = (XECPublicKey) factory.generatePublic(new X509EncodedKeySpec(peer));
        byte[] scalar =
                own.getScalar().orElseThrow(() -> new InvalidKeyException("a key without scalar"));
        if (scalar.length != SIZE_25519
                || !(other.getParams() instanceof NamedParameterSpec named)
                || !named.getName().equals(NamedParameterSpec.X25519.getName())) {
            throw new InvalidKeyException("no keys of X25519");
        }
        byte[] clamped = reversed(scalar);
        // RFC 7748 section 5, decodeScalar25519; the bytes are in the other order here.
        clamped[SIZE_25519 - 1] &= (byte) 0xf8;
        clamped[0] = (byte) (clamped[0] & 0x7f | 0x40);
        BigInteger u = other.getU().mod(P_25519);
        if (u.signum() == 0) {
            throw new InvalidKeyException("the point of the peer has a small order");
        }
        byte[] numbers = new byte[3 * SIZE_25519];
        put(numbers, 0, SIZE_25519, P_25519);
        put(numbers, 1, SIZE_25519, A_25519);
        System.arraycopy(clamped, 0, numbers, 2 * SIZE_25519, SIZE_25519);
        byte[] input = new byte[SIZE_25519];
        put(input, 0, SIZE_25519, u);
        return new CurveTask(true, SIZE_25519, numbers, input);
    }

    private static Optional<CurveTask> weierstrass(byte[] key, byte[] peer)
            throws GeneralSecurityException {
        KeyFactory factory = KeyFactory.getInstance("EC");
        ECPrivateKey own = (ECPrivateKey) factory.generatePrivate(new PKCS8EncodedKeySpec(key));
        ECPublicKey other = (ECPublicKey) factory.generatePublic(new X509EncodedKeySpec(peer));
        ECParameterSpec curve = own.getParams();
        EllipticCurve equation = curve.getCurve();
        if (!equation.equals(other.getParams().getCurve())) {
            throw new InvalidKeyException("the keys are of different curves");
        }
        int bits = equation.getField().getFieldSize();
        if (!(equation.getField() instanceof ECFieldFp field) || bits != 256 && bits != 384) {
            return Optional.empty();
        }
        int size = bits / Byte.SIZE;
        BigInteger x = other.getW().getAffineX();
        BigInteger y = other.getW().getAffineY();
        BigInteger p = field.getP();
        BigInteger right = x.pow(3).add(equation.getA().multiply(x)).add(equation.getB()).mod(p);
        boolean inside =
                x.signum() >= 0 && x.compareTo(p) < 0 && y.signum() >= 0 && y.compareTo(p) < 0;
        if (!inside || !y.multiply(y).mod(p).equals(right)) {
            throw new InvalidKeyException("the point of the peer is not on the curve");
        }
        byte[] numbers = new byte[4 * size];
        put(numbers, 0, size, p);
        put(numbers, 1, size, equation.getA().mod(p));
        put(numbers, 2, size, own.getS());
        put(numbers, 3, size, equation.getB().mod(p));
        byte[] input = new byte[2 * size];
        put(input, 0, size, x);
        put(input, 1, size, y);
        return Optional.of(new CurveTask(false, size, numbers, input));
    }

    /** Big-endian, with zeros before it. */
    private static void put(byte[] target, int index, int size, BigInteger value)
            throws InvalidKeyException {
        byte[] bytes = value.toByteArray();
        int sign = bytes.length > 1 && bytes[0] == 0 ? 1 : 0;
        int length = bytes.length - sign;
        if (length > size || value.signum() < 0) {
            throw new InvalidKeyException("a number is too large for its curve");
        }
        System.arraycopy(bytes, sign, target, (index + 1) * size - length, length);
    }

    private static byte[] reversed(byte[] bytes) {
        byte[] turned = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            turned[i] = bytes[bytes.length - 1 - i];
        }
        return turned;
    }

    /** True for Curve25519. */
    boolean montgomery() {
        return montgomery;
    }

    /** Size of each number in bytes. */
    int size() {
        return size;
    }

    /** p, a, the scalar, and b unless it is Curve25519; not to be changed. */
    byte[] key() {
        return key;
    }

    /** The point of the peer; not to be changed. */
    byte[] input() {
        return input;
    }

    /** How many bytes the device writes. */
    int output() {
        return montgomery ? size : 2 * size;
    }

    int secretLength() {
        return size;
    }

    /** The secret in what the device wrote: the x coordinate; of Curve25519 in its own order. */
    byte[] secret(byte[] written) {
        byte[] x = Arrays.copyOf(written, size);
        return montgomery ? reversed(x) : x;
    }
}
