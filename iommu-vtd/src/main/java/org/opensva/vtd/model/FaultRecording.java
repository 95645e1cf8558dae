package org.opensva.vtd.model;

import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
import org.opensva.vtd.layout.EventRegisters.Fsts;
import org.opensva.vtd.layout.FaultRecord;
import org.opensva.vtd.layout.Field;
import org.opensva.vtd.layout.QueueError;
import org.opensva.vtd.layout.QueueRegisters.Iqercd;
import org.opensva.vtd.layout.Register;

/**
 * Primary fault recording, the errors of the invalidation queue, and the fault event (sections 7.2,
 * 7.3 and 11.4.7).
 *
 * <p>Records are used in turn. A fault is dropped if one of the same source and PASID is pending
 * already, which the architecture leaves to the implementation; if the record whose turn it is is
 * pending, the fault is lost and PFO is set; and while PFO is set nothing is recorded.
 */
final class FaultRecording {

    private static final long STATUS =
            Fsts.PFO.mask() | Fsts.PPF.mask() | Fsts.IQE.mask() | Fsts.ICE.mask() | Fsts.ITE.mask();
    private static final long SOURCE =
            FaultRecord.SID.mask() | FaultRecord.PP.mask() | FaultRecord.PV.mask();

    private final Registers registers;
    private final EventSource event;
    private final long clearable;
    private final long[] low;
    private final long[] high;
    private int next;
    private long recorded;

    FaultRecording(VtdProfile profile, Registers registers, EventSource event) {
        this.registers = registers;
        this.event = event;
        low = new long[registers.faultRecords()];
        high = new long[registers.faultRecords()];
        long queue = profile.ecap(Ecap.QI) ? Fsts.IQE.mask() : 0;
        long devices = profile.ecap(Ecap.DT) ? Fsts.ICE.mask() | Fsts.ITE.mask() : 0;
        clearable = Fsts.PFO.mask() | queue | devices;
    }

    /** Records a fault, given as the words of {@link FaultRecord}. */
    void record(long w0, long w1) {
        synchronized (event) {
            long status = registers.get(Register.FSTS);
            if (Fsts.PFO.isSet(status) || isPending(w1)) {
                return;
            }
            if (FaultRecord.F.isSet(high[next])) {
                registers.set(Register.FSTS, status | Fsts.PFO.mask());
                return;
            }
            low[next] = w0;
            high[next] = w1 | FaultRecord.F.mask();
            recorded++;
            if (!Fsts.PPF.isSet(status)) {
                long first = Fsts.FRI.set(status, next) | Fsts.PPF.mask();
                condition(status, first);
            }
            next = next + 1 == high.length ? 0 : next + 1;
        }
    }

    private boolean isPending(long w1) {
        for (long record : high) {
            if (FaultRecord.F.isSet(record) && (record & SOURCE) == (w1 & SOURCE)) {
                return true;
            }
        }
        return false;
    }

    /** The invalidation queue stops at a descriptor. */
    void queueError(QueueError error) {
        set(Fsts.IQE, Iqercd.IQEI, error.code());
    }

    /** A device completed an invalidation that it was not asked for. */
    void completionError(int source) {
        set(Fsts.ICE, Iqercd.ICESID, source);
    }

    /** A device did not complete an invalidation in time. */
    void timeoutError(int source) {
        set(Fsts.ITE, Iqercd.ITESID, source);
    }

    private void set(Field error, Field detail, int value) {
        synchronized (event) {
            long status = registers.get(Register.FSTS);
            if (error.isSet(status)) {
                return; // the detail is that of the first
            }
            registers.set(Register.IQERCD, detail.set(registers.get(Register.IQERCD), value));
            condition(status, status | error.mask());
        }
    }

    /** A status bit becomes 1; news only if none was 1 (FECTL.IP). */
    private void condition(long before, long after) {
        registers.set(Register.FSTS, after);
        if ((before & STATUS) == 0) {
            event.raise();
        }
    }

    /** A write of FSTS. */
    void clear(long value) {
        synchronized (event) {
            settle(registers.get(Register.FSTS) & ~(value & clearable));
        }
    }

    /** A write of the upper half of a fault recording register that clears F. */
    void release(int index) {
        synchronized (event) {
            high[index] &= ~FaultRecord.F.mask();
            for (long record : high) {
                if (FaultRecord.F.isSet(record)) {
                    return;
                }
            }
            settle(registers.get(Register.FSTS) & ~(Fsts.PPF.mask() | Fsts.FRI.mask()));
        }
    }

    private void settle(long status) {
        registers.set(Register.FSTS, status);
        if ((status & STATUS) == 0) {
            event.serviced();
        }
    }

    /** The low half of a fault recording register. */
    long low(int index) {
        synchronized (event) {
            return low[index];
        }
    }

    /** The high half of a fault recording register. */
    long high(int index) {
        synchronized (event) {
            return high[index];
        }
    }

    /** How many faults were recorded. */
    long recorded() {
        synchronized (event) {
            return recorded;
        }
    }
}
