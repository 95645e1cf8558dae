package org.opensva.conformance.cli.inspect.smmuv3;

import org.opensva.conformance.inspect.Decoded;
import org.opensva.smmuv3.layout.Command;
import org.opensva.smmuv3.layout.EventRecord;
import org.opensva.smmuv3.layout.EventType;
import org.opensva.smmuv3.layout.Opcode;
import org.opensva.smmuv3.layout.PageRequestEntry;
import org.opensva.smmuv3.layout.Register;
import org.opensva.smmuv3.layout.Structure;
import org.opensva.smmuv3.layout.TableAndQueueRegisters.EventqBase;
import org.opensva.smmuv3.layout.TableAndQueueRegisters.OutputQueueCons;
import org.opensva.smmuv3.layout.TableAndQueueRegisters.OutputQueueProd;

import java.util.ArrayList;
import java.util.List;

/**
 * A queue (sections 3.5 and 6.3.26 to 6.3.34).
 *
 * @param name which queue
 * @param address physical address of entry 0
 * @param size number of entries
 * @param prod index of the entry written next
 * @param prodWrap the wrap bit of the write index
 * @param cons index of the entry read next
 * @param consWrap the wrap bit of the read index
 * @param pending entries that wait; more than {@code size} if the indexes make no sense
 * @param overflowed whether entries were lost and software has not acknowledged it
 * @param entries the entries that are pending or not zero, by index
 * @param unlisted pending entries that are zero or where there is no memory
 */
public record QueueView(
        String name,
        long address,
        long size,
        long prod,
        boolean prodWrap,
        long cons,
        boolean consWrap,
        long pending,
        boolean overflowed,
        List<Entry> entries,
        long unlisted) {

    private static final int MOST_LOG2 = 19;

    /** Copies the list. */
    public QueueView {
        entries = List.copyOf(entries);
    }

    /**
     * An entry.
     *
     * @param index its index
     * @param pending whether it waits; otherwise it has been consumed
     * @param decoded the entry
     */
    public record Entry(long index, boolean pending, Decoded decoded) {}

    /** Takes the words of an entry apart. */
    @FunctionalInterface
    private interface Decoder {
        Decoded decode(long address, long... words);
    }

    static QueueView commands(Snapshot state) {
        return of(
                state,
                "Command queue",
                Register.CMDQ_BASE,
                Register.CMDQ_PROD,
                Register.CMDQ_CONS,
                Command.WORDS,
                QueueView::command);
    }

    static QueueView events(Snapshot state) {
        return of(
                state,
                "Event queue",
                Register.EVENTQ_BASE,
                Register.EVENTQ_PROD,
                Register.EVENTQ_CONS,
                EventRecord.WORDS,
                QueueView::event);
    }

    static QueueView pageRequests(Snapshot state) {
        return of(
                state,
                "PRI queue",
                Register.PRIQ_BASE,
                Register.PRIQ_PROD,
                Register.PRIQ_CONS,
                PageRequestEntry.WORDS,
                (address, words) ->
                        Decoding.of("PAGE_REQUEST", address, PageRequestEntry.STRUCTURE, words));
    }

    private static Decoded command(long address, long... words) {
        int code = (int) Command.OPCODE.get(words[0]);
        Opcode opcode = Opcode.of(code);
        return opcode == null
                ? unknown("unknown command 0x" + Integer.toHexString(code), address, words)
                : Decoding.of(opcode.structure().name(), address, opcode.structure(), words);
    }

    private static Decoded event(long address, long... words) {
        int number = EventRecord.number(words[0]);
        EventType type = EventType.of(number);
        return type == null
                ? unknown("unknown event 0x" + Integer.toHexString(number), address, words)
                : Decoding.of(type.name(), address, type.structure(), words);
    }

    private static Decoded unknown(String name, long address, long... words) {
        return Decoding.of(
                name, address, new Structure(name, "", words.length, List.of(), List.of()), words);
    }

    private static QueueView of(
            Snapshot state,
            String name,
            Register base,
            Register prod,
            Register cons,
            int words,
            Decoder decoder) {
        int log2 = (int) Math.min(MOST_LOG2, EventqBase.LOG2SIZE.get(state.get(base)));
        int entryShift = words == 4 ? 5 : 4;
        long size = 1L << log2;
        long start = state.address(base, EventqBase.ADDR) & -1L << Math.max(5, log2 + entryShift);
        long written = OutputQueueProd.WR.get(state.get(prod)) & 2 * size - 1;
        long read = OutputQueueCons.RD.get(state.get(cons)) & 2 * size - 1;
        long pending = written - read & 2 * size - 1;
        List<Entry> entries = new ArrayList<>();
        long unlisted = 0;
        for (long index = 0; index < size; index++) {
            boolean waits = (index - read & size - 1) < pending;
            long address = start + (index << entryShift);
            long[] found = state.read(address, words);
            boolean zero = true;
            for (int i = 0; found != null && i < words; i++) {
                zero &= found[i] == 0;
            }
            if (found != null && !zero) {
                entries.add(new Entry(index, waits, decoder.decode(address, found)));
            } else if (waits) {
                unlisted++;
            }
        }
        boolean output = base != Register.CMDQ_BASE;
        return new QueueView(
                name,
                start,
                size,
                written & size - 1,
                (written & size) != 0,
                read & size - 1,
                (read & size) != 0,
                pending,
                output
                        && OutputQueueProd.OVFLG.isSet(state.get(prod))
                                != OutputQueueCons.OVACKFLG.isSet(state.get(cons)),
                entries,
                unlisted);
    }

    /**
     * The indexes and what they mean.
     *
     * @return one line
     */
    public String inWords() {
        String waiting =
                pending == 0
                        ? "empty"
                        : pending == size
                                ? "full"
                                : pending > size
                                        ? "indexes impossibly far apart"
                                        : pending + " pending";
        return "%s at 0x%x: %d entries, PROD %d wrap %d, CONS %d wrap %d, %s%s"
                .formatted(
                        name,
                        address,
                        size,
                        prod,
                        prodWrap ? 1 : 0,
                        cons,
                        consWrap ? 1 : 0,
                        waiting,
                        overflowed ? ", overflowed" : "");
    }
}
