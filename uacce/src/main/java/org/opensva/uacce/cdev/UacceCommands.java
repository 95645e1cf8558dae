package org.opensva.uacce.cdev;

/**
 * The numbers of control commands, as {@code _IO} and {@code _IOWR} of {@code asm-generic/ioctl.h}
 * make them: bits 31:30 direction, 29:16 size of the argument, 15:8 type, 7:0 number.
 */
public final class UacceCommands {

    /** {@code UACCE_CMD_START_Q}, {@code _IO('W', 0)} ({@code uapi/misc/uacce/uacce.h}). */
    public static final int START_Q = 'W' << 8;

    /** {@code UACCE_CMD_PUT_Q}, {@code _IO('W', 1)}. */
    public static final int PUT_Q = 'W' << 8 | 1;

    /**
     * {@code UACCE_CMD_QM_SET_QP_CTX}, {@code _IOWR('H', 10, struct hisi_qp_ctx)} ({@code
     * uapi/misc/uacce/hisi_qm.h}). The structure has 4 bytes: the number of the queue, which is
     * written, and the type of the algorithm, which is read.
     */
    public static final int QM_SET_QP_CTX = iowr(10, 4);

    /**
     * {@code UACCE_CMD_QM_SET_QP_INFO}, {@code _IOWR('H', 11, struct hisi_qp_info)}. The structure
     * has 16 bytes, all written: size of a descriptor (4 bytes), entries of the submission ring and
     * of the completion ring (2 bytes each), 8 reserved bytes.
     */
    public static final int QM_SET_QP_INFO = iowr(11, 16);

    private UacceCommands() {}

    private static int iowr(int number, int size) {
        return 3 << 30 | size << 16 | 'H' << 8 | number;
    }
}
