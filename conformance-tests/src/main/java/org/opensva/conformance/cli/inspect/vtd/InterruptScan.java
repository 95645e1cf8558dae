package org.opensva.conformance.cli.inspect.vtd;

import static org.opensva.conformance.cli.inspect.vtd.Decoding.hex;

import org.opensva.conformance.inspect.Section;
import org.opensva.conformance.inspect.Section.Node;
import org.opensva.vtd.layout.ControlRegisters.Gsts;
import org.opensva.vtd.layout.PostedInterruptEntry;
import org.opensva.vtd.layout.QueueRegisters.Irta;
import org.opensva.vtd.layout.Register;
import org.opensva.vtd.layout.RemappedInterruptEntry;

import java.util.ArrayList;
import java.util.List;

/** What the interrupt remapping table holds (sections 9.10 and 9.11). */
final class InterruptScan {

    private static final int ENTRY_BYTES = 16;

    private InterruptScan() {}

    static Section entries(Snapshot state) {
        long irta = state.get(Register.IRTA);
        boolean extended = Irta.EIME.isSet(irta);
        List<Node> nodes = new ArrayList<>();
        for (int index = 0; index < Irta.entries(irta); index++) {
            long address = Irta.base(irta) + (long) index * ENTRY_BYTES;
            long[] words = state.read(address, 2);
            if (words != null && (words[0] | words[1]) != 0) {
                nodes.add(entry(index, address, words, extended));
            }
        }
        return new Section(
                "interrupts",
                "interrupt remapping table%s at %s: %d entries, %s destinations"
                        .formatted(
                                Gsts.IRES.isSet(state.get(Register.GSTS)) ? "" : " (disabled)",
                                hex(Irta.base(irta)),
                                Irta.entries(irta),
                                extended ? "32-bit" : "8-bit"),
                nodes);
    }

    private static Node entry(int index, long address, long[] words, boolean extended) {
        boolean posted = RemappedInterruptEntry.posted(words[0]);
        String target =
                posted
                        ? "posted to the descriptor at "
                                + hex(PostedInterruptEntry.descriptor(words[0], words[1]))
                        : "destination "
                                + hex(RemappedInterruptEntry.destination(words[0], extended));
        return new Node(
                "%d %s: vector %s, %s, %s"
                        .formatted(
                                index,
                                RemappedInterruptEntry.P.isSet(words[0])
                                        ? "present"
                                        : "not present",
                                hex(RemappedInterruptEntry.vector(words[0])),
                                target,
                                source(words[1])),
                Decoding.of(
                        "IRTE",
                        address,
                        posted ? PostedInterruptEntry.STRUCTURE : RemappedInterruptEntry.STRUCTURE,
                        words));
    }

    private static String source(long high) {
        return switch (RemappedInterruptEntry.validation(high)) {
            case RemappedInterruptEntry.SVT_NONE -> "from any source";
            case RemappedInterruptEntry.SVT_SOURCE_ID ->
                    "from %s under the mask %s"
                            .formatted(
                                    Decoding.function(RemappedInterruptEntry.sourceId(high)),
                                    hex(RemappedInterruptEntry.comparedBits(high)));
            case RemappedInterruptEntry.SVT_BUS_RANGE ->
                    "from buses %s to %s"
                            .formatted(
                                    hex(RemappedInterruptEntry.startBus(high)),
                                    hex(RemappedInterruptEntry.endBus(high)));
            default -> "reserved source validation";
        };
    }
}
