package org.opensva.linux.uacce.spec;

import org.opensva.linux.abi.BitField;

import java.util.OptionalInt;

/**
 * The queue manager that HiSilicon's accelerators have in common ({@code
 * drivers/crypto/hisilicon/qm.c}, {@code include/linux/hisi_acc_qm.h}; UADK {@code
 * drv/hisi_qm_udrv.c}).
 *
 * <p>The SHARED region holds the submission ring, directly behind it the completion ring, and in
 * its last two words, the second-last for receiving and the last for sending, 1 once the queue has
 * been disabled ({@code qm_set_qp_disable}).
 */
public final class QueueManager {

    /** Size of an entry of the completion ring ({@code struct qm_cqe}). */
    public static final int CQE_SIZE = 16;

    /** Of a completion: which descriptor it is for, an index of the submission ring. */
    public static final BitField CQE_SQ_HEAD = BitField.bits(2, 15, 0);

    /** Of a completion: which queue. */
    public static final BitField CQE_SQ_NUMBER = BitField.bits(2, 31, 16);

    /** Of a completion: the phase, which each lap inverts; the first one writes 1. */
    public static final BitField CQE_PHASE = BitField.bits(3, 16, 16);

    /** Word of a completion in which the phase is, as an offset in bytes. */
    public static final int CQE_PHASE_WORD = 12;

    /** Command of a doorbell: the tail of the submission ring ({@code QM_DOORBELL_CMD_SQ}). */
    public static final int SQ = 0;

    /** Command of a doorbell: the head of the completion ring ({@code QM_DOORBELL_CMD_CQ}). */
    public static final int CQ = 1;

    /** From the end of the SHARED region to the word that forbids receiving. */
    public static final int RECEIVE_DISABLED = 8;

    /** From the end of the SHARED region to the word that forbids sending. */
    public static final int SEND_DISABLED = 4;

    /** Size of {@code struct hisi_qp_ctx}. */
    public static final int CONTEXT_SIZE = 4;

    /** Of {@code struct hisi_qp_ctx}: the number of the queue, written by the kernel. */
    public static final BitField CONTEXT_NUMBER = BitField.bits(0, 15, 0);

    /** Of {@code struct hisi_qp_ctx}: the type of the algorithm, read by the kernel. */
    public static final BitField CONTEXT_TYPE = BitField.bits(0, 31, 16);

    /** Size of {@code struct hisi_qp_info}. */
    public static final int INFO_SIZE = 16;

    /** Of {@code struct hisi_qp_info}: size of a descriptor in bytes. */
    public static final BitField INFO_SQE_SIZE = BitField.word(0);

    /** Of {@code struct hisi_qp_info}: entries of the submission ring. */
    public static final BitField INFO_SQ_DEPTH = BitField.bits(1, 15, 0);

    /** Of {@code struct hisi_qp_info}: entries of the completion ring. */
    public static final BitField INFO_CQ_DEPTH = BitField.bits(1, 31, 16);

    /** Entries of the rings of a kernel that does not tell ({@code QM_Q_DEPTH}). */
    public static final int DEFAULT_DEPTH = 1024;

    private static final String API = "hisi_qm_v";

    private QueueManager() {}

    /**
     * Reads the version of a queue manager ({@code HISI_QM_API_VER_BASE} and its like).
     *
     * @param api the attribute {@code api} of a device
     * @return 1 or more; empty if it is no such device
     */
    public static OptionalInt version(String api) {
        return api.matches(API + "[1-9][0-9]?")
                ? OptionalInt.of(Integer.parseInt(api.substring(API.length())))
                : OptionalInt.empty();
    }

    /**
     * Where the doorbell is.
     *
     * @param version of the queue manager
     * @return offset in the MMIO region ({@code QM_DOORBELL_BASE_V1}, {@code
     *     QM_DOORBELL_SQ_CQ_BASE_V2}); since version 3 each queue has a window of its own there
     */
    public static int doorbellOffset(int version) {
        return version == 1 ? 0x340 : 0x1000;
    }

    /**
     * What is stored to a doorbell, 64 bits at once ({@code qm_db_v1}, {@code qm_db_v2}).
     *
     * <pre>
     *            version 1   version 2 and later
     * queue      15:0        9:0
     * command    23:16       15:12
     * index      47:32       47:32
     * priority   63:48       63:48
     * </pre>
     *
     * @param version of the queue manager
     * @param queue its number
     * @param command {@link #SQ} or {@link #CQ}
     * @param index of a ring
     * @param priority of a CQ doorbell: 1 to ask for an interrupt when something completes next
     * @return the value
     */
    public static long doorbell(int version, int queue, int command, int index, int priority) {
        long low =
                version == 1
                        ? queue & 0xffffL | (command & 0xffL) << 16
                        : queue & 0x3ffL | (command & 0xfL) << 12;
        return low | (index & 0xffffL) << 32 | (priority & 0xffffL) << 48;
    }
}
