package org.opensva.conformance.cli.work;

import java.util.Arrays;

/**
 * Places in an area of bytes where a gzip member may begin (RFC 1952 section 2.3: ID1, ID2, CM 8,
 * and FLG without reserved bits), in ascending order. Compressed data may look like that by chance,
 * about once in 128 MiB, or by intent.
 */
final class MemberStarts {

    /** More are not kept: the ones before are enough to go on. */
    private static final int MAX_PLACES = 1 << 16;

    private static final int MAGIC = 0x1f8b0800;
    private static final int MAGIC_MASK = 0xffffffe0;
    private static final int MAGIC_LENGTH = 4;

    private long[] places = new long[64];
    private int count;
    private int lastFour;

    /** Looks at the bytes that have been put at an offset, behind those of the call before. */
    void scan(byte[] bytes, int length, long offset) {
        int four = lastFour;
        for (int i = 0; i < length; i++) {
            four = four << Byte.SIZE | bytes[i] & 0xff;
            long place = offset + i - (MAGIC_LENGTH - 1);
            if ((four & MAGIC_MASK) == MAGIC && place > 0 && count < MAX_PLACES) {
                if (count == places.length) {
                    places = Arrays.copyOf(places, 2 * count);
                }
                places[count++] = place;
            }
        }
        lastFour = four;
    }

    int count() {
        return count;
    }

    long get(int index) {
        return places[index];
    }

    void remove(int index) {
        System.arraycopy(places, index + 1, places, index, count - index - 1);
        count--;
    }

    /** Tells that the first bytes of the area have been dropped. */
    void drop(long bytes) {
        int kept = 0;
        for (int i = 0; i < count; i++) {
            if (places[i] > bytes) {
                places[kept++] = places[i] - bytes;
            }
        }
        count = kept;
    }
}
