package org.opensva.linux.uacce.spec;

import org.opensva.linux.abi.BitField;

/**
 * A descriptor of {@code hisi_zip}, 128 bytes ({@code struct hisi_zip_sqe} in {@code
 * drivers/crypto/hisilicon/zip/zip.h} and {@code zip_crypto.c}; UADK {@code drv/hisi_comp.c}). The
 * device writes its results over it.
 */
public final class ZipDescriptor {

    /** Size in bytes. */
    public static final int SIZE = 128;

    /** Result: bytes read. */
    public static final BitField CONSUMED = BitField.word(0);

    /** Result: bytes written. */
    public static final BitField PRODUCED = BitField.word(1);

    /** Result: how it ended, one of the {@code STATUS} constants or another error. */
    public static final BitField STATUS = BitField.bits(3, 7, 0);

    /** Result: the last block of a stream was met. */
    public static final BitField LAST_BLOCK = BitField.bits(3, 8, 8);

    /** Bytes to read. */
    public static final BitField INPUT_LENGTH = BitField.word(4);

    /** 1 to finish the stream, 0 for a synchronising flush. */
    public static final BitField FINISH = BitField.bits(7, 25, 25);

    /** 0: the job is a stream of its own. */
    public static final BitField STATEFUL = BitField.bits(7, 26, 26);

    /** 1: the job begins a stream. */
    public static final BitField NEW_STREAM = BitField.bits(7, 27, 27);

    /** Layout of the descriptor: 0 on queue managers of version 1 and 2, 3 later. */
    public static final BitField LAYOUT = BitField.bits(7, 31, 28);

    /** Format of the data, one of the constants below. */
    public static final BitField FORMAT = BitField.bits(9, 7, 0);

    /** 0 for plain buffers, 1 for scatter-gather lists. */
    public static final BitField BUFFERS = BitField.bits(9, 11, 8);

    /** Size of the window. */
    public static final BitField WINDOW = BitField.bits(9, 15, 12);

    /** Tag of layout 0. */
    public static final BitField TAG_OLD = BitField.word(13);

    /** Room for the output in bytes. */
    public static final BitField OUTPUT_ROOM = BitField.word(14);

    /** Address of the input. */
    public static final BitField SOURCE = BitField.quad(18 * 4);

    /** Address of the output. */
    public static final BitField DESTINATION = BitField.quad(20 * 4);

    /** Address of the context of a stream. */
    public static final BitField CONTEXT = BitField.quad(22 * 4);

    /** Tag of layout 3. */
    public static final BitField TAG = BitField.word(26);

    /** Result: bytes of a stream so far, as its trailer has them. */
    public static final BitField INPUT_SIZE = BitField.word(30);

    /** Result: check sum of a stream so far. */
    public static final BitField CHECKSUM = BitField.word(31);

    /** Format: raw DEFLATE, since version 3 ({@code HZIP_ALG_TYPE_DEFLATE}). */
    public static final int DEFLATE = 1;

    /** Format: zlib; the library writes and skips the header. */
    public static final int ZLIB = 2;

    /** Format: gzip; the library writes and skips the header. */
    public static final int GZIP = 3;

    /** Status: the data grew, which is no error ({@code HZIP_NC_ERR}). */
    public static final int STATUS_GREW = 0x0d;

    /** Status: no room left. */
    public static final int STATUS_FULL = 0x0e;

    /** Status: the check sum is wrong. */
    public static final int STATUS_CHECKSUM = 0x10;

    /** Status: the end of a stream was met. */
    public static final int STATUS_END = 0x13;

    /** The most that a job may read or write ({@code HZ_MAX_SIZE}). */
    public static final int MAX_LENGTH = 8 << 20;

    private ZipDescriptor() {}
}
