package org.opensva.uacce.engine;

import java.util.zip.CRC32;

/**
 * The header of a gzip member (RFC 1952 section 2.3), byte by byte, so that it may begin in one job
 * and end in another.
 */
final class GzipHeader {

    /** What a byte led to. */
    enum Step {
        /** More bytes belong to the header. */
        MORE,
        /** That was the last one. */
        DONE,
        /** This is no header. */
        BAD
    }

    private enum Field {
        FIXED,
        EXTRA_LENGTH,
        EXTRA,
        NAME,
        COMMENT,
        CHECK
    }

    // RFC 1952 section 2.3.1, FLG. Bit 0, FTEXT, is a hint without effect.
    private static final int FHCRC = 1 << 1;
    private static final int FEXTRA = 1 << 2;
    private static final int FNAME = 1 << 3;
    private static final int FCOMMENT = 1 << 4;
    private static final int RESERVED = 0xe0;

    /** ID1, ID2, CM. */
    private static final int[] START = {0x1f, 0x8b, 8};

    private static final Field[] FIELDS = Field.values();

    private static final int FLAGS_AT = 3;
    private static final int FIXED_SIZE = 10;

    private final CRC32 crc = new CRC32();
    private Field field = Field.FIXED;
    private int flags;

    /** Bytes of the present field. */
    private int position;

    private int extra;
    private int check;

    void reset() {
        crc.reset();
        field = Field.FIXED;
        flags = 0;
        position = 0;
        extra = 0;
        check = 0;
    }

    /** Tells whether no byte was taken yet. */
    boolean untouched() {
        return field == Field.FIXED && position == 0;
    }

    Step take(int value) {
        if (field == Field.CHECK) {
            return check(value);
        }
        crc.update(value);
        return switch (field) {
            case FIXED -> fixed(value);
            case EXTRA_LENGTH -> {
                extra |= value << Byte.SIZE * position;
                position++;
                yield position < 2 ? Step.MORE : next(extra == 0 ? Field.NAME : Field.EXTRA);
            }
            case EXTRA -> {
                position++;
                yield position < extra ? Step.MORE : next(Field.NAME);
            }
            case NAME -> value != 0 ? Step.MORE : next(Field.COMMENT);
            case COMMENT, CHECK -> value != 0 ? Step.MORE : next(Field.CHECK);
        };
    }

    private Step fixed(int value) {
        if (position < START.length && value != START[position]
                || position == FLAGS_AT && (value & RESERVED) != 0) {
            return Step.BAD;
        }
        flags = position == FLAGS_AT ? value : flags;
        position++;
        return position < FIXED_SIZE ? Step.MORE : next(Field.EXTRA_LENGTH);
    }

    /** Goes to the first field from here on that the flags announce. */
    private Step next(Field from) {
        position = 0;
        for (int i = from.ordinal(); i <= Field.CHECK.ordinal(); i++) {
            if (announced(FIELDS[i])) {
                field = FIELDS[i];
                // RFC 1952: CRC16 is the lower half of the CRC-32 of the header up to here.
                check = (int) crc.getValue() & 0xffff;
                return Step.MORE;
            }
        }
        return Step.DONE;
    }

    private boolean announced(Field candidate) {
        int flag =
                switch (candidate) {
                    case FIXED -> 0;
                    case EXTRA_LENGTH, EXTRA -> FEXTRA;
                    case NAME -> FNAME;
                    case COMMENT -> FCOMMENT;
                    case CHECK -> FHCRC;
                };
        return (flags & flag) != 0;
    }

    private Step check(int value) {
        if (value != (check >>> Byte.SIZE * position & 0xff)) {
            return Step.BAD;
        }
        position++;
        return position < 2 ? Step.MORE : Step.DONE;
    }
}
