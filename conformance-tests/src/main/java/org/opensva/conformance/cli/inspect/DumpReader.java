package org.opensva.conformance.cli.inspect;

import org.opensva.api.memory.BusErrorException;
import org.opensva.conformance.cli.inspect.smmuv3.Snapshot;
import org.opensva.conformance.cli.replay.Document;
import org.opensva.conformance.cli.replay.Fields;
import org.opensva.conformance.cli.replay.InputException;
import org.opensva.conformance.replay.RecordedMemory;
import org.opensva.conformance.replay.Recording;
import org.opensva.smmuv3.layout.Register;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * Reads a dump: a file with {@code registers} ({@code name}, {@code offset}, {@code size}, {@code
 * value}), and one with {@code ram} ({@code base}, {@code size}) and {@code memory} ({@code addr},
 * {@code hex}).
 */
final class DumpReader {

    private DumpReader() {}

    /** A dump of an SMMUv3. */
    static Snapshot smmuV3(Path registers, Path memory) throws InputException {
        Map<Register, Long> values = named(registers, DumpReader::smmuV3);
        return new Snapshot(values, named(memory, DumpReader::memory));
    }

    /** A dump of a VT-d remapping unit. */
    static org.opensva.conformance.cli.inspect.vtd.Snapshot vtd(Path registers, Path memory)
            throws InputException {
        Map<Long, Integer> words = named(registers, DumpReader::vtd);
        return new org.opensva.conformance.cli.inspect.vtd.Snapshot(
                words, named(memory, DumpReader::memory));
    }

    /** Reads one of the files. */
    @FunctionalInterface
    private interface Reader<T> {
        T read(Path file) throws InputException;
    }

    private static <T> T named(Path file, Reader<T> reader) throws InputException {
        try {
            return reader.read(file);
        } catch (InputException e) {
            throw new InputException("'%s': %s".formatted(file, e.getMessage()), e);
        }
    }

    /** A register of a dump; most have a name of the architecture, some have none. */
    private record Entry(long offset, int size, long value) {}

    private static List<Entry> entries(Path file, String kind) throws InputException {
        List<Entry> entries = new ArrayList<>();
        Document.visit(
                file,
                (name, json) -> {
                    switch (name) {
                        case "registers" ->
                                entries.addAll(Document.list("register", json, DumpReader::entry));
                        case "iommu" -> {
                            if (!kind.equals(json.getString())) {
                                throw new InputException(
                                        "a dump of '%s', not of %s"
                                                .formatted(json.getString(), kind));
                            }
                        }
                        default -> {}
                    }
                });
        return entries;
    }

    private static Map<Long, Integer> vtd(Path file) throws InputException {
        Map<Long, Integer> words = new HashMap<>();
        for (Entry entry : entries(file, "vtd")) {
            words.put(entry.offset(), (int) entry.value());
            if (entry.size() == Long.BYTES) {
                words.put(entry.offset() + Integer.BYTES, (int) (entry.value() >>> Integer.SIZE));
            }
        }
        for (org.opensva.vtd.layout.Register needed :
                List.of(
                        org.opensva.vtd.layout.Register.CAP,
                        org.opensva.vtd.layout.Register.ECAP)) {
            if (!words.containsKey((long) needed.offset())) {
                throw new InputException(
                        "not the registers of a VT-d unit: CAP or ECAP is missing");
            }
        }
        return words;
    }

    private static Map<Register, Long> smmuV3(Path file) throws InputException {
        List<Entry> entries = entries(file, "smmuv3");
        Map<Register, Long> values = new EnumMap<>(Register.class);
        for (Entry entry : entries) {
            Register register = Register.at(entry.offset());
            if (register != null) {
                boolean high = entry.offset() != register.offset();
                long part = high ? entry.value() << 32 : entry.value();
                values.merge(register, part, (old, more) -> old | more);
            }
        }
        if (!values.containsKey(Register.IDR0) || !values.containsKey(Register.IDR1)) {
            throw new InputException("not the registers of an SMMUv3: IDR0 or IDR1 is missing");
        }
        return values;
    }

    private static Entry entry(Fields fields) throws InputException {
        int size = fields.integer("size", 4, 8);
        long value = fields.number("value");
        if (size != 4 && size != 8) {
            throw fields.wrong("size", "is neither 4 nor 8");
        }
        if (size == 4 && value >>> 32 != 0) {
            throw fields.wrong("value", "has more than 32 bits");
        }
        return new Entry(fields.number("offset"), size, value);
    }

    private static RecordedMemory memory(Path file) throws InputException {
        List<Recording.Ram> ram = new ArrayList<>();
        List<Recording.Image> images = new ArrayList<>();
        Document.visit(
                file,
                (name, json) -> {
                    switch (name) {
                        case "ram" ->
                                ram.addAll(
                                        Document.list(
                                                "ram",
                                                json,
                                                r ->
                                                        new Recording.Ram(
                                                                r.number("base"),
                                                                r.number("size"))));
                        case "memory" ->
                                images.addAll(
                                        Document.list(
                                                "memory",
                                                json,
                                                m ->
                                                        new Recording.Image(
                                                                m.number("addr"), m.bytes("hex"))));
                        default -> {}
                    }
                });
        if (ram.isEmpty()) {
            throw new InputException("not a memory dump: 'ram' is missing or empty");
        }
        RecordedMemory memory = new RecordedMemory(ram);
        for (Recording.Image image : images) {
            byte[] bytes = HexFormat.of().parseHex(image.bytes());
            try {
                memory.write(image.address(), bytes, 0, bytes.length);
            } catch (BusErrorException e) {
                throw new InputException(
                        "memory at 0x%x is outside 'ram'".formatted(image.address()), e);
            }
        }
        return memory;
    }
}
