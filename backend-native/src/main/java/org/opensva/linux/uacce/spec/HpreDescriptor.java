package org.opensva.linux.uacce.spec;

import org.opensva.linux.abi.BitField;

/**
 * A descriptor of {@code hisi_hpre}, 64 bytes ({@code struct hpre_sqe} in {@code
 * drivers/crypto/hisilicon/hpre/hpre.h}; UADK {@code struct hisi_hpre_sqe} in {@code
 * drv/hisi_hpre.c}). Numbers that it points to are big-endian, each padded to the size of the task.
 */
public final class HpreDescriptor {

    /** Size in bytes. */
    public static final int SIZE = 64;

    /** What to compute, one of the constants below. */
    public static final BitField ALGORITHM = BitField.bits(0, 4, 0);

    /** Result: 0, or the kind of error. */
    public static final BitField ERROR = BitField.bits(0, 15, 5);

    /** Result: 0, or more about the error; bit 5 for an address that could not be translated. */
    public static final BitField ERROR_MORE = BitField.bits(0, 29, 16);

    /** 1 in a new descriptor; 3 once it was done. */
    public static final BitField DONE = BitField.bits(0, 31, 30);

    /** Size of the numbers in units of 8 bytes, less one. */
    public static final BitField SIZE_UNITS = BitField.bits(1, 7, 0);

    /** Address of the key. */
    public static final BitField KEY = BitField.quad(8);

    /** Address of the input. */
    public static final BitField SOURCE = BitField.quad(16);

    /** Address of the output. */
    public static final BitField DESTINATION = BitField.quad(24);

    /** Tag; the kernel's own driver uses its lower half. */
    public static final BitField TAG = BitField.quad(32);

    /** In {@link #DONE}: a new descriptor. */
    public static final int NEW = 1;

    /** In {@link #DONE}: the device is through with it. */
    public static final int FINISHED = 3;

    /** In {@link #ERROR_MORE}: translations could not be fetched ({@code HPRE_HW_SVA_ERROR}). */
    public static final int SVA_ERROR = 1 << 5;

    /** Algorithm: modular exponentiation with exponent and modulus ({@code NC_NCRT}). */
    public static final int EXPONENTIATE = 0;

    /** Algorithm: modular exponentiation by the Chinese remainder theorem ({@code NC_CRT}). */
    public static final int EXPONENTIATE_CRT = 1;

    /** Algorithm: Diffie-Hellman. */
    public static final int DH = 5;

    /**
     * Algorithm: multiply a point of a curve in short Weierstrass form. The key is p, a, the
     * scalar, b; input and output are x, y.
     */
    public static final int MULTIPLY_POINT = 0xd;

    /**
     * Algorithm: multiply a point of Curve25519. The key is p, a, the scalar; input and output are
     * the u coordinate.
     */
    public static final int MULTIPLY_X = 0x10;

    /** Type of a queue for RSA and DH, for {@code UACCE_CMD_QM_SET_QP_CTX}. */
    public static final int QUEUE_RSA = 0;

    /** Type of a queue for curves, since version 3. */
    public static final int QUEUE_ECC = 1;

    private HpreDescriptor() {}
}
