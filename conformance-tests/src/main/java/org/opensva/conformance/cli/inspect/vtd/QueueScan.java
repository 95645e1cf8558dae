package org.opensva.conformance.cli.inspect.vtd;

import static org.opensva.conformance.cli.inspect.vtd.Decoding.hex;

import org.opensva.conformance.inspect.Decoded;
import org.opensva.conformance.inspect.Section;
import org.opensva.conformance.inspect.Section.Node;
import org.opensva.vtd.layout.ControlRegisters.Gsts;
import org.opensva.vtd.layout.DescriptorType;
import org.opensva.vtd.layout.InvalidationDescriptor;
import org.opensva.vtd.layout.PageRequestDescriptor;
import org.opensva.vtd.layout.QueueRegisters.Iqa;
import org.opensva.vtd.layout.QueueRegisters.Iqh;
import org.opensva.vtd.layout.QueueRegisters.Iqt;
import org.opensva.vtd.layout.QueueRegisters.Pqa;
import org.opensva.vtd.layout.QueueRegisters.Pqh;
import org.opensva.vtd.layout.QueueRegisters.Pqt;
import org.opensva.vtd.layout.Register;
import org.opensva.vtd.layout.Structure;

import java.util.ArrayList;
import java.util.List;

/** What the invalidation queue and the page request queue hold (sections 6.5.2 and 7.4). */
final class QueueScan {

    /** Descriptors that are listed at most; a queue has up to 32768. */
    private static final int MOST_LISTED = 1 << 15;

    private QueueScan() {}

    /** Takes the words of an entry apart. */
    @FunctionalInterface
    private interface Decoder {
        Decoded decode(long address, long... words);
    }

    static Section invalidations(Snapshot state) {
        long iqa = state.get(Register.IQA);
        boolean enabled = Gsts.QIES.isSet(state.get(Register.GSTS));
        int bytes = Iqa.descriptorBytes(iqa);
        return section(
                state,
                "invalidationQueue",
                "invalidation queue%s, descriptors of %d bits"
                        .formatted(enabled ? "" : " (disabled)", 8 * bytes),
                new Ring(
                        Iqa.base(iqa),
                        Iqa.bytes(iqa),
                        bytes,
                        Iqh.offset(state.get(Register.IQH)),
                        Iqt.offset(state.get(Register.IQT))),
                QueueScan::descriptor);
    }

    static Section pageRequests(Snapshot state) {
        long pqa = state.get(Register.PQA);
        return section(
                state,
                "pageRequestQueue",
                "page request queue",
                new Ring(
                        Pqa.base(pqa),
                        Pqa.bytes(pqa),
                        PageRequestDescriptor.BYTES,
                        Pqh.offset(state.get(Register.PQH)),
                        Pqt.offset(state.get(Register.PQT))),
                (address, words) ->
                        Decoding.of(
                                "page_req_dsc", address, PageRequestDescriptor.STRUCTURE, words));
    }

    /** A ring of entries; the head and the tail are offsets from its base. */
    private record Ring(long base, long bytes, int entryBytes, long head, long tail) {

        boolean sound() {
            return head < bytes && tail < bytes && head % entryBytes == 0 && tail % entryBytes == 0;
        }

        boolean pending(long offset) {
            return sound() && (offset - head & bytes - 1) < (tail - head & bytes - 1);
        }

        String inWords() {
            long waiting = (tail - head & bytes - 1) / entryBytes;
            return "at %s: %d entries, head %d, tail %d, %s"
                    .formatted(
                            hex(base),
                            bytes / entryBytes,
                            head / entryBytes,
                            tail / entryBytes,
                            !sound()
                                    ? "head or tail is no entry of it"
                                    : waiting == 0 ? "empty" : waiting + " pending");
        }
    }

    private static Section section(
            Snapshot state, String key, String title, Ring ring, Decoder decoder) {
        List<Node> nodes = new ArrayList<>();
        long unlisted = 0;
        for (long offset = 0; offset < ring.bytes(); offset += ring.entryBytes()) {
            boolean pending = ring.pending(offset);
            long address = ring.base() + offset;
            long[] words = state.read(address, ring.entryBytes() / Long.BYTES);
            if (words != null && !zero(words) && nodes.size() < MOST_LISTED) {
                nodes.add(
                        new Node(
                                "%d %s"
                                        .formatted(
                                                offset / ring.entryBytes(),
                                                pending ? "pending" : "done"),
                                decoder.decode(address, words)));
            } else if (pending) {
                unlisted++;
            }
        }
        if (unlisted > 0) {
            nodes.add(new Node("%d pending entries are zero or not in memory".formatted(unlisted)));
        }
        return new Section(key, title + " " + ring.inWords(), nodes);
    }

    private static boolean zero(long[] words) {
        long any = 0;
        for (long word : words) {
            any |= word;
        }
        return any == 0;
    }

    private static Decoded descriptor(long address, long... words) {
        int code = InvalidationDescriptor.type(words[0]);
        DescriptorType type = DescriptorType.of(code);
        if (type == null) {
            Structure unknown =
                    new Structure(
                            "unknown",
                            "",
                            words.length,
                            List.of(InvalidationDescriptor.TYPE_LO, InvalidationDescriptor.TYPE_HI),
                            List.of());
            return Decoding.of("unknown descriptor " + hex(code), address, unknown, words);
        }
        return Decoding.of(type.structure().name(), address, type.structure(), words);
    }
}
