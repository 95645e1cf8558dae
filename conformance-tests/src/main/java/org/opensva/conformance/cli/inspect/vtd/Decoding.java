package org.opensva.conformance.cli.inspect.vtd;

import org.opensva.conformance.inspect.Decoded;
import org.opensva.vtd.layout.FaultReason;
import org.opensva.vtd.layout.Field;
import org.opensva.vtd.layout.Structure;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Takes structures of VT-d apart, and names what they hold. */
final class Decoding {

    private Decoding() {}

    /**
     * Takes a structure apart. Fields that hold address bits from bit 12 on keep them in place.
     *
     * @param name what it is
     * @param address where it is
     * @param structure its fields
     * @param words its words; fields of words that are not there are left out
     * @return the structure, taken apart
     */
    static Decoded of(String name, long address, Structure structure, long... words) {
        List<Decoded.Value> fields = new ArrayList<>();
        for (Field field : structure.fields()) {
            if (field.word() < words.length) {
                long word = words[field.word()];
                boolean inPlace = field.width() > 32;
                fields.add(
                        new Decoded.Value(
                                field.name(), inPlace ? field.address(word) : field.get(word)));
            }
        }
        return new Decoded(name, address, Arrays.stream(words).boxed().toList(), fields);
    }

    /** A fault reason as reports name it: number, name, and condition of the specification. */
    static String reason(FaultReason reason) {
        return "0x%02x %s (%s)".formatted(reason.code(), reason.name(), reason.condition());
    }

    /** A fault reason by its number. */
    static String reason(int code) {
        FaultReason reason = FaultReason.of(code);
        return reason == null ? "0x%02x, which is reserved".formatted(code) : reason(reason);
    }

    static String hex(long value) {
        return "0x" + Long.toHexString(value);
    }

    /** A requester id as people write it. */
    static String function(int source) {
        return "%02x:%02x.%d".formatted(source >>> 8 & 0xff, source >>> 3 & 0x1f, source & 7);
    }

    /** A power of two of bytes. */
    static String size(int shift) {
        return shift >= 40
                ? (1L << shift - 40) + " TB"
                : shift >= 30
                        ? (1L << shift - 30) + " GB"
                        : shift >= 20 ? (1L << shift - 20) + " MB" : (1L << shift - 10) + " KB";
    }
}
