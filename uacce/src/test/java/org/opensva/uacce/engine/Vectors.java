package org.opensva.uacce.engine;

import org.opensva.api.accelerator.Algorithm;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/** One record of a file of test vectors: lines of {@code name=value}, most of them hexadecimal. */
record Vectors(Map<String, String> fields) {

    static List<Vectors> read(String name) {
        String text;
        try (InputStream in = Vectors.class.getResourceAsStream("/vectors/" + name)) {
            text = new String(in.readAllBytes(), StandardCharsets.US_ASCII);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        List<Vectors> records = new ArrayList<>();
        for (String paragraph : text.split("\n\n", -1)) {
            Map<String, String> fields = new HashMap<>();
            for (String line : paragraph.split("\n", -1)) {
                int equals = line.indexOf('=');
                if (!line.startsWith("#") && equals > 0) {
                    fields.put(line.substring(0, equals), line.substring(equals + 1));
                }
            }
            if (!fields.isEmpty()) {
                records.add(new Vectors(fields));
            }
        }
        return records;
    }

    byte[] bytes(String name) {
        return HexFormat.of().parseHex(fields.get(name));
    }

    boolean is(String name) {
        return fields.get(name).equals("1");
    }

    Algorithm algorithm() {
        return Algorithm.valueOf(fields.get("algorithm"));
    }
}
