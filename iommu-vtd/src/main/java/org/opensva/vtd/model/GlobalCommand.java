package org.opensva.vtd.model;

import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
import org.opensva.vtd.layout.ControlRegisters.Gcmd;
import org.opensva.vtd.layout.ControlRegisters.Gsts;
import org.opensva.vtd.layout.Field;
import org.opensva.vtd.layout.Register;

/**
 * Global commands (section 11.4.4).
 *
 * <p>Software may give one command with a write: a one-shot bit, or one holding bit that differs
 * from its status. The architecture asks software to serialize commands and leaves open what
 * several at once do; here such a write does nothing, so that software which relies on it waits for
 * a status that never comes. Bits of features that are not claimed are ignored. GSTS changes when
 * the command has taken effect, requests that were under way included.
 */
final class GlobalCommand {

    private final VtdProfile profile;
    private final Registers registers;
    private final TranslationUnit translation;
    private final Invalidations invalidations;
    private final InvalidationQueue queue;
    private final long implemented;

    GlobalCommand(
            VtdProfile profile,
            Registers registers,
            TranslationUnit translation,
            Invalidations invalidations,
            InvalidationQueue queue) {
        this.profile = profile;
        this.registers = registers;
        this.translation = translation;
        this.invalidations = invalidations;
        this.queue = queue;
        long bits = Gcmd.TE.mask() | Gcmd.SRTP.mask();
        bits |= profile.ecap(Ecap.QI) ? Gcmd.QIE.mask() : 0;
        bits |= profile.ecap(Ecap.IR) ? Gcmd.IRE.mask() | Gcmd.SIRTP.mask() | Gcmd.CFI.mask() : 0;
        bits |= profile.cap(Cap.RWBF) ? Gcmd.WBF.mask() : 0;
        implemented = bits;
    }

    /** A write of GCMD. */
    synchronized void write(long value) {
        long status = registers.get(Register.GSTS);
        long held = implemented & ~Gcmd.ONE_SHOT;
        long commands = (value ^ status) & held | value & implemented & Gcmd.ONE_SHOT;
        if (Long.bitCount(commands) != 1) {
            return;
        }
        if (commands == Gcmd.SRTP.mask()) {
            setRootTable();
        } else if (commands == Gcmd.SIRTP.mask()) {
            setInterruptTable();
        } else if (commands == Gcmd.TE.mask()) {
            translation.enable(Gcmd.TE.isSet(value));
            invalidations.drainAll();
            report(Gsts.TES, Gcmd.TE.isSet(value));
        } else if (commands == Gcmd.QIE.mask()) {
            enableQueue(Gcmd.QIE.isSet(value));
        } else if (commands == Gcmd.IRE.mask()) {
            report(Gsts.IRES, Gcmd.IRE.isSet(value));
        } else if (commands == Gcmd.CFI.mask()) {
            report(Gsts.CFIS, Gcmd.CFI.isSet(value));
        }
        // What remains is WBF: there is no write buffer, and WBFS is 0 again at once.
    }

    private void setRootTable() {
        report(Gsts.RTPS, false);
        long table = registers.get(Register.RTADDR);
        registers.setRootTable(table);
        translation.rootTable(table);
        invalidations.drainAll(); // with CAP.ESRTPS the caches are empty now
        report(Gsts.RTPS, true);
    }

    private void setInterruptTable() {
        report(Gsts.IRTPS, false);
        registers.setInterruptTable(registers.get(Register.IRTA));
        if (profile.cap(Cap.ESIRTPS)) {
            invalidations.interruptEntries();
        }
        report(Gsts.IRTPS, true);
    }

    private void enableQueue(boolean enable) {
        report(Gsts.QIES, enable);
        if (enable) {
            queue.kick();
        } else {
            queue.disable();
        }
    }

    private void report(Field status, boolean set) {
        long value = registers.get(Register.GSTS);
        registers.set(Register.GSTS, status.set(value, set ? 1 : 0));
    }
}
