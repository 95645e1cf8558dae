package org.opensva.uacce.engine;

import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;

/**
 * Whether bytes are an ECDSA signature in the one encoding that it has. The JDK takes others for
 * the same signature, so that who has one could make more of it.
 */
final class EcdsaSignature {

    private static final int SEQUENCE = 0x30;
    private static final int INTEGER = 0x02;
    private static final int LONG_FORM = 0x81;

    private final byte[] bytes;
    private final int end;
    private int at;

    private EcdsaSignature(byte[] bytes, int end) {
        this.bytes = bytes;
        this.end = end;
    }

    /**
     * Looks at the encoding, not at the numbers.
     *
     * @param bytes the signature, from the first byte on
     * @param length how many bytes it has
     * @param plain true for r and s side by side, each as long as the order of the curve (IEEE
     *     P1363), false for DER (RFC 3279, section 2.2.3)
     * @param key whose curve it is on
     * @return false if it is no signature
     */
    static boolean isEncoded(byte[] bytes, int length, boolean plain, PublicKey key) {
        if (!(key instanceof ECPublicKey on)) {
            return false;
        }
        int bits = on.getParams().getOrder().bitLength();
        int number = (bits + 7) / Byte.SIZE;
        return plain
                ? length == 2 * number
                : new EcdsaSignature(bytes, length).isSequenceOfTwo(number);
    }

    private boolean isSequenceOfTwo(int number) {
        return tag(SEQUENCE)
                && length() == end - at
                && integer(number)
                && integer(number)
                && at == end;
    }

    private boolean tag(int wanted) {
        return at < end && bytes[at++] == wanted;
    }

    /** A length in its shortest form; -1 if it is none. */
    private int length() {
        if (at >= end) {
            return -1;
        }
        int first = bytes[at++] & 0xff;
        if (first != LONG_FORM) {
            return first < 0x80 ? first : -1;
        }
        int long1 = at < end ? bytes[at++] & 0xff : -1;
        return long1 < 0x80 ? -1 : long1;
    }

    /** A positive number without more zeros than its sign needs. */
    private boolean integer(int number) {
        if (!tag(INTEGER)) {
            return false;
        }
        int length = length();
        if (length < 1 || length > number + 1 || length > end - at) {
            return false;
        }
        boolean shortest =
                bytes[at] > 0
                        || length == 1 && bytes[at] == 0
                        || length > 1 && bytes[at] == 0 && bytes[at + 1] < 0;
        at += length;
        return shortest;
    }
}
