package org.opensva.vtd.layout;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;

/**
 * Compares a structure with the bit numbers printed in the specification. A table line is "name msb
 * lsb", where the bits count from bit 0 of the whole structure; "~" marks a field that shares bits
 * with others.
 */
final class SpecificationBits {
    private SpecificationBits() {}

    static void assertMatches(Structure structure, String table) {
        List<String> printed = new ArrayList<>();
        for (String line : table.strip().lines().toList()) {
            printed.add(line.strip().replaceAll("\\s+", " "));
        }
        List<String> laidOut = new ArrayList<>();
        structure.fields().forEach(field -> laidOut.add(describe(field)));
        structure.overlays().forEach(field -> laidOut.add("~" + describe(field)));
        printed.sort(null);
        laidOut.sort(null);
        assertEquals(String.join("\n", printed), String.join("\n", laidOut), structure.name());
    }

    private static String describe(Field field) {
        int base = field.word() * 64;
        return field.name() + " " + (base + field.msb()) + " " + (base + field.lsb());
    }
}
