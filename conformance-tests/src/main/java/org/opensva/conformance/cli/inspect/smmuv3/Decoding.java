package org.opensva.conformance.cli.inspect.smmuv3;

import org.opensva.conformance.inspect.Decoded;
import org.opensva.smmuv3.layout.Field;
import org.opensva.smmuv3.layout.Structure;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Takes structures of the SMMUv3 apart. */
final class Decoding {

    private Decoding() {}

    /**
     * Takes a structure apart. Fields that hold a long run of address bits keep them in place.
     *
     * @param name what it is
     * @param address where it is
     * @param structure its fields
     * @param words its words, as many as the structure has
     * @return the structure, taken apart
     */
    static Decoded of(String name, long address, Structure structure, long... words) {
        List<Decoded.Value> fields = new ArrayList<>();
        for (Field field : structure.fields()) {
            long word = words[field.word()];
            boolean inPlace = field.width() > 32;
            fields.add(
                    new Decoded.Value(
                            field.name(), inPlace ? field.address(word) : field.get(word)));
        }
        return new Decoded(name, address, Arrays.stream(words).boxed().toList(), fields);
    }
}
