package org.opensva.smmuv3.driver;

import org.jspecify.annotations.Nullable;
import org.opensva.api.memory.MmioRegion;
import org.opensva.smmuv3.layout.Command;
import org.opensva.smmuv3.layout.ControlRegisters.Gbpa;
import org.opensva.smmuv3.layout.ControlRegisters.Gerror;
import org.opensva.smmuv3.layout.IdRegisters.Idr0;
import org.opensva.smmuv3.layout.IdRegisters.Idr1;
import org.opensva.smmuv3.layout.IdRegisters.Idr3;
import org.opensva.smmuv3.layout.IdRegisters.Idr5;
import org.opensva.smmuv3.layout.Opcode;
import org.opensva.smmuv3.layout.Register;
import org.opensva.smmuv3.layout.TableAndQueueRegisters.CmdqBase;
import org.opensva.smmuv3.layout.TableAndQueueRegisters.CmdqCons;
import org.opensva.smmuv3.layout.TableAndQueueRegisters.EventqBase;
import org.opensva.smmuv3.layout.TableAndQueueRegisters.OutputQueueProd;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * The register side of an SMMU that executes nothing: it writes down each command at the moment it
 * would execute it. It can be told to fail the synchronisation after an ATC invalidation of a
 * silent stream.
 */
final class RecordingSmmu implements MmioRegion {

    /** A command as it came, and the value of the entry that the test watches at that moment. */
    record Seen(Opcode opcode, long w0, long w1, long watched) {

        int streamId() {
            return Command.streamId(w0);
        }
    }

    /** A register as it was written. */
    record Written(Register register, long value) {}

    final List<Seen> seen = new ArrayList<>();
    final List<Written> written = new ArrayList<>();
    final List<Integer> silentStreams = new ArrayList<>();
    Runnable beforeEachCommand = () -> {};
    long watch;

    /** How often a CMD_SYNC fails for an ATC invalidation of a silent stream. */
    int failures = 1;

    /** Commands stay in the queue until they are released. */
    private boolean stuck;

    /** So many commands are read before some attempts fail. */
    private int readable;

    private int unreadable;

    /** Why the command that stopped the queue could not be executed. */
    private int error;

    /** What is written to this register is not acknowledged. */
    @Nullable Register unacknowledged;

    private @Nullable Opcode expected;
    private int expectedStream;
    private Runnable meanwhile = () -> {};

    private final FlatMemory memory;
    private final Map<Register, Long> values = new EnumMap<>(Register.class);
    private int unanswered;

    RecordingSmmu(FlatMemory memory, boolean rangeCommands) {
        this.memory = memory;
        values.put(
                Register.IDR0,
                Idr0.S1P.mask()
                        | Idr0.TTF.place(2)
                        | Idr0.COHACC.mask()
                        | Idr0.ATS.mask()
                        | Idr0.PRI.mask()
                        | Idr0.ASID16.mask()
                        | Idr0.CD2L.mask()
                        | Idr0.ST_LEVEL.place(1));
        values.put(
                Register.IDR1,
                Idr1.SIDSIZE.place(16)
                        | Idr1.SSIDSIZE.place(20)
                        | Idr1.CMDQS.place(4)
                        | Idr1.EVENTQS.place(7)
                        | Idr1.PRIQS.place(7));
        values.put(Register.IDR3, rangeCommands ? Idr3.RIL.mask() : 0);
        values.put(Register.IDR5, Idr5.OAS.place(5) | Idr5.GRAN4K.mask());
    }

    /**
     * Before the next batch that starts with a command for a stream is executed, somebody else does
     * something: its commands come into the queue behind that batch, and both are under way at
     * once. A negative number is any stream.
     */
    synchronized void before(Opcode opcode, int streamId, Runnable somebodyElse) {
        expected = opcode;
        expectedStream = streamId;
        meanwhile = somebodyElse;
    }

    /** Commands stay in the queue. */
    synchronized void hold() {
        stuck = true;
    }

    /** Executes what is in the queue, and what will be. */
    synchronized void release() {
        stuck = false;
        consume();
    }

    /** After some commands the next one cannot be fetched, several times. */
    synchronized void abortFetch(int after, int times) {
        readable = after;
        unreadable = times;
    }

    /** Writes a record into the event queue or the PRI queue, as the hardware does. */
    void enqueue(Register base, Register producer, long... record) {
        long where = read(base.offset(), 8);
        long prod = read(producer.offset(), 4);
        long mask = (1L << EventqBase.LOG2SIZE.get(where)) - 1;
        long at = EventqBase.ADDR.address(where) + 8 * ((prod & mask) * record.length);
        for (int i = 0; i < record.length; i++) {
            memory.writeLong(at + 8L * i, record[i]);
        }
        set(producer, prod & OutputQueueProd.OVFLG.mask() | prod + 1 & mask * 2 + 1);
    }

    /** Puts a register where the hardware has it. */
    synchronized void set(Register register, long value) {
        values.put(register, value);
    }

    /** The same SMMU, which takes part in broadcast TLB maintenance. */
    RecordingSmmu withBroadcasts() {
        values.put(Register.IDR0, get(Register.IDR0) | Idr0.BTM.mask());
        return this;
    }

    @Override
    public long size() {
        return Register.FRAME_BYTES;
    }

    @Override
    public synchronized long read(long offset, int width) {
        Register register = Register.at(offset);
        return register == null ? 0 : get(register);
    }

    private long get(Register register) {
        return values.getOrDefault(register, 0L);
    }

    @Override
    public synchronized void write(long offset, int width, long value) {
        Register register = Register.at(offset);
        if (register == null) {
            return;
        }
        values.put(register, value);
        written.add(new Written(register, value));
        if (register == unacknowledged) {
            return;
        }
        switch (register) {
            case CR0 -> values.put(Register.CR0ACK, value);
            case GBPA -> values.put(Register.GBPA, value & ~Gbpa.UPDATE.mask());
            case IRQ_CTRL -> values.put(Register.IRQ_CTRLACK, value);
            case CMDQ_PROD -> {
                meanwhile();
                consume();
            }
            case GERRORN -> consume();
            default -> {}
        }
    }

    private void meanwhile() {
        long base = get(Register.CMDQ_BASE);
        long index = get(Register.CMDQ_CONS) & (1L << CmdqBase.LOG2SIZE.get(base)) - 1;
        long w0 = memory.readLong(CmdqBase.ADDR.address(base) + index * Command.BYTES);
        if (Opcode.of(Command.opcode(w0)) == expected
                && (expectedStream < 0 || Command.streamId(w0) == expectedStream)) {
            expected = null;
            meanwhile.run();
        }
    }

    private void consume() {
        if (stuck) {
            return;
        }
        long base = get(Register.CMDQ_BASE);
        long mask = (2L << CmdqBase.LOG2SIZE.get(base)) - 1;
        while ((get(Register.CMDQ_CONS) & mask) != (get(Register.CMDQ_PROD) & mask)) {
            if (Gerror.CMDQ_ERR.isSet(get(Register.GERROR) ^ get(Register.GERRORN))) {
                return;
            }
            long cons = get(Register.CMDQ_CONS) & mask;
            long at = CmdqBase.ADDR.address(base) + (cons & mask >> 1) * Command.BYTES;
            if (!execute(memory.readLong(at), memory.readLong(at + 8))) {
                values.put(Register.CMDQ_CONS, cons | CmdqCons.ERR.place(error));
                values.put(Register.GERROR, get(Register.GERROR) ^ Gerror.CMDQ_ERR.mask());
                return;
            }
            values.put(Register.CMDQ_CONS, cons + 1 & mask);
        }
    }

    private boolean execute(long w0, long w1) {
        beforeEachCommand.run();
        if (readable-- <= 0 && unreadable > 0) {
            unreadable--;
            error = CmdqCons.CERROR_ABT;
            return false;
        }
        Opcode opcode = Opcode.of(Command.opcode(w0));
        if (opcode == null) {
            error = CmdqCons.CERROR_ILL;
            return false;
        }
        error = CmdqCons.CERROR_ATC_INV_SYNC;
        seen.add(new Seen(opcode, w0, w1, watch == 0 ? 0 : memory.readLong(watch)));
        if (opcode == Opcode.ATC_INV && silentStreams.contains(Command.streamId(w0))) {
            unanswered = failures;
        }
        if (opcode == Opcode.SYNC && unanswered > 0) {
            unanswered--;
            return false;
        }
        return true;
    }

    List<Opcode> opcodes() {
        return seen.stream().map(Seen::opcode).toList();
    }
}
