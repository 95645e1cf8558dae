package org.opensva.conformance.cli.inspect.vtd;

import static org.opensva.conformance.cli.inspect.vtd.Decoding.function;
import static org.opensva.conformance.cli.inspect.vtd.Decoding.hex;

import org.jspecify.annotations.Nullable;
import org.opensva.conformance.inspect.Decoded;
import org.opensva.conformance.inspect.Explanation;
import org.opensva.conformance.inspect.Explanation.Access;
import org.opensva.conformance.inspect.Explanation.Kind;
import org.opensva.conformance.inspect.Stopped;
import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
import org.opensva.vtd.layout.ContextEntry;
import org.opensva.vtd.layout.ControlRegisters.Gsts;
import org.opensva.vtd.layout.ControlRegisters.Rtaddr;
import org.opensva.vtd.layout.FaultReason;
import org.opensva.vtd.layout.InterruptMessage;
import org.opensva.vtd.layout.PasidDirectoryEntry;
import org.opensva.vtd.layout.PasidTableEntry;
import org.opensva.vtd.layout.Register;
import org.opensva.vtd.layout.RootEntry;
import org.opensva.vtd.layout.ScalableContextEntry;
import org.opensva.vtd.layout.ScalableRootEntry;
import org.opensva.vtd.layout.Structure;

import java.util.ArrayList;
import java.util.List;

/**
 * Follows an untranslated request through the tables of a snapshot, as if no cache held anything
 * (sections 3.4 to 3.9). It shares the layouts with the model and nothing else.
 */
public final class Explainer {

    private final Snapshot state;
    private final EntryRules rules;
    private final Access access;
    private final List<Explanation.Step> steps = new ArrayList<>();
    private boolean faultsDisabled;

    private Explainer(Snapshot state, Access access) {
        this.state = state;
        this.rules = new EntryRules(state);
        this.access = access;
    }

    /**
     * Explains a request.
     *
     * @param state the snapshot
     * @param access the request
     * @return each step and the ending
     */
    public static Explanation explain(Snapshot state, Access access) {
        Explainer explainer = new Explainer(state, access);
        Explanation.Ending ending;
        try {
            ending = explainer.follow();
        } catch (Stopped e) {
            ending = e.ending();
        }
        return new Explanation(access, explainer.steps, ending);
    }

    private Explanation.Ending follow() throws Stopped {
        if (access.pasid() < 0 && InterruptMessage.isInterrupt(access.address())) {
            return interrupt();
        }
        if (!state.translates()) {
            step("GSTS.TES is 0", null, "requests pass through the unit");
            return new Explanation.Translated(access.address(), Long.SIZE - 1);
        }
        return byMode();
    }

    private Explanation.Ending byMode() throws Stopped {
        int mode = state.mode();
        if (mode == Rtaddr.TTM_LEGACY) {
            step("RTADDR.TTM is 0", null, "legacy mode");
            return legacy();
        }
        if (mode == Rtaddr.TTM_SCALABLE) {
            if (!state.claims(Ecap.SMTS)) {
                throw fault(FaultReason.TABLE_MODE_INVALID, "ECAP.SMTS is 0");
            }
            step("RTADDR.TTM is 1", null, "scalable mode");
            return scalable();
        }
        if (mode == Rtaddr.TTM_ABORT_DMA) {
            if (state.claims(Ecap.ADMS)) {
                return new Explanation.Aborted("RTADDR.TTM is 3: every request is aborted");
            }
            throw fault(FaultReason.TABLE_MODE_INVALID, "ECAP.ADMS is 0");
        }
        throw fault(FaultReason.TABLE_MODE_INVALID, "RTADDR.TTM is 2, which is reserved");
    }

    /** Without a PASID that range is for interrupt requests, which are writes of 4 bytes. */
    private Explanation.Ending interrupt() throws Stopped {
        String why = "the interrupt address range takes interrupt requests alone";
        step("address in the interrupt address range", null, "not translated");
        if (Gsts.IRES.isSet(state.get(Register.GSTS))) {
            throw fault(FaultReason.INTERRUPT_REQUEST_INVALID, why);
        }
        return new Explanation.Aborted(why);
    }

    void step(String what, @Nullable Decoded decoded, String yields) {
        steps.add(new Explanation.Step(what, decoded, yields));
    }

    Access access() {
        return access;
    }

    Snapshot state() {
        return state;
    }

    /** A fault; it is recorded unless it is qualified and an entry on the way says FPD. */
    Stopped fault(FaultReason reason, String why) {
        boolean recorded = !(reason.isQualified() && faultsDisabled);
        return new Stopped(
                new Explanation.Faulted(
                        Decoding.reason(reason),
                        recorded,
                        false,
                        recorded ? why : why + "; FPD is 1"));
    }

    private long[] read(
            String what, long address, Structure structure, int words, FaultReason unreadable)
            throws Stopped {
        long[] entry = state.read(address, words);
        if (entry == null) {
            step("%s at %s".formatted(what, hex(address)), null, "there is no memory");
            throw fault(unreadable, "the %s cannot be read".formatted(what));
        }
        last = Decoding.of(what, address, structure, entry);
        return entry;
    }

    /** The entry that was read last. */
    private @Nullable Decoded last;

    private void check(
            boolean present,
            FaultReason absent,
            String what,
            @Nullable String reserved,
            FaultReason reservedReason,
            String yields)
            throws Stopped {
        if (!present) {
            step(what, last, "not present");
            throw fault(absent, "the %s is not present".formatted(what));
        }
        if (reserved != null) {
            step(what, last, reserved);
            throw fault(reservedReason, reserved);
        }
        step(what, last, yields);
    }

    // Legacy mode.

    private Explanation.Ending legacy() throws Stopped {
        if (access.pasid() >= 0) {
            throw fault(FaultReason.TABLE_MODE_FORBIDS_PASID, "a PASID in legacy mode");
        }
        int source = access.requester();
        long rootAddress = state.rootTable() + RootEntry.offset(source);
        long[] root =
                read(
                        "root entry",
                        rootAddress,
                        RootEntry.STRUCTURE,
                        RootEntry.WORDS,
                        FaultReason.ROOT_ACCESS);
        String reserved = rules.pointer("root entry", root[0], 1);
        if (reserved == null && root[1] != 0) {
            reserved = "root entry, word 1: reserved bits " + hex(root[1]) + " are set";
        }
        long table = RootEntry.contextTable(root[0]);
        check(
                RootEntry.present(root[0]),
                FaultReason.ROOT_NOT_PRESENT,
                "root entry",
                reserved,
                FaultReason.ROOT_RESERVED,
                "context table at " + hex(table));
        long[] context =
                read(
                        "context entry",
                        table + ContextEntry.offset(source),
                        ContextEntry.STRUCTURE,
                        ContextEntry.WORDS,
                        FaultReason.CONTEXT_ACCESS);
        faultsDisabled |= ContextEntry.faultsDisabled(context[0]);
        int type = ContextEntry.translationType(context[0]);
        check(
                ContextEntry.present(context[0]),
                FaultReason.CONTEXT_NOT_PRESENT,
                "context entry",
                rules.context(context),
                FaultReason.CONTEXT_RESERVED,
                "%s: %s".formatted(function(source), EntryRules.legacyKind(type)));
        String invalid = rules.invalidContext(context);
        if (invalid != null) {
            throw fault(FaultReason.CONTEXT_INVALID, invalid);
        }
        if (type == ContextEntry.TT_PASS_THROUGH) {
            return passThrough(FaultReason.ADDRESS_BEYOND_WIDTH, FaultReason.INTERRUPT_RANGE);
        }
        PagingWalk walk =
                PagingWalk.legacy(
                        this,
                        ContextEntry.secondStageTable(context[0]),
                        ContextEntry.addressWidth(context[1]));
        return walk.secondOnly();
    }

    private Explanation.Ending passThrough(FaultReason beyond, FaultReason interrupt)
            throws Stopped {
        if ((access.address() & state.beyond()) != 0) {
            throw fault(beyond, "the address has more than %d bits".formatted(state.addressBits()));
        }
        return arrived(access.address(), state.addressBits(), interrupt);
    }

    /** The end of a translation. */
    Explanation.Ending arrived(long physical, int shift, FaultReason interrupt) throws Stopped {
        if (InterruptMessage.isInterrupt(physical)) {
            throw fault(interrupt, hex(physical) + " is in the interrupt address range");
        }
        return new Explanation.Translated(physical, shift);
    }

    // Scalable mode.

    private Explanation.Ending scalable() throws Stopped {
        int source = access.requester();
        long rootAddress = state.rootTable() + ScalableRootEntry.offset(source);
        boolean upper = (source & 0x80) != 0;
        String what = upper ? "upper half of the root entry" : "lower half of the root entry";
        long[] root =
                read(what, rootAddress, RootEntry.STRUCTURE, 1, FaultReason.SCALABLE_ROOT_ACCESS);
        long table = ScalableRootEntry.contextTable(root[0]);
        check(
                ScalableRootEntry.present(root[0]),
                FaultReason.SCALABLE_ROOT_NOT_PRESENT,
                what,
                rules.pointer("root entry", root[0], 1),
                FaultReason.SCALABLE_ROOT_RESERVED,
                "context table at " + hex(table));
        long[] context =
                read(
                        "context entry",
                        table + ScalableContextEntry.offset(source),
                        ScalableContextEntry.STRUCTURE,
                        ScalableContextEntry.WORDS,
                        FaultReason.SCALABLE_CONTEXT_ACCESS);
        faultsDisabled |= ScalableContextEntry.faultsDisabled(context[0]);
        check(
                ScalableContextEntry.present(context[0]),
                FaultReason.SCALABLE_CONTEXT_NOT_PRESENT,
                "context entry",
                rules.scalableContext(context),
                FaultReason.SCALABLE_CONTEXT_RESERVED,
                "%s: PASID directory at %s"
                        .formatted(
                                function(source),
                                hex(ScalableContextEntry.pasidDirectory(context[0]))));
        int pasid = pasid(context);
        boolean privileged =
                access.pasid() >= 0
                        ? access.privileged()
                        : state.claims(Ecap.RPRIVS)
                                && ScalableContextEntry.ridPrivileged(context[1]);
        return pasidEntry(directory(context[0], pasid), pasid, privileged);
    }

    private int pasid(long[] context) throws Stopped {
        int directory = ScalableContextEntry.pasidLimit(context[0]);
        int limit = Math.min(directory, 1 << Math.min(20, Ecap.pasidBits(state.ecap())));
        int own = ScalableContextEntry.ridPasid(context[1]);
        if (own >= directory) {
            throw fault(
                    FaultReason.SCALABLE_CONTEXT_INVALID,
                    "RID_PASID %s is beyond the %s PASIDs of the directory"
                            .formatted(hex(own), hex(directory)));
        }
        if (access.pasid() < 0) {
            step("no PASID", null, "RID_PASID " + hex(own));
            return own;
        }
        if (!ScalableContextEntry.pasidEnabled(context[0])) {
            throw fault(FaultReason.PASID_DISABLED, "PASIDE is 0 and the request has a PASID");
        }
        if (access.pasid() >= limit) {
            throw fault(
                    FaultReason.PASID_BEYOND_DIRECTORY,
                    "the PASID is beyond the %s of the directory".formatted(hex(limit)));
        }
        return access.pasid();
    }

    private long directory(long context, int pasid) throws Stopped {
        long[] directory =
                read(
                        "PASID directory entry",
                        ScalableContextEntry.pasidDirectory(context)
                                + PasidDirectoryEntry.offset(pasid),
                        PasidDirectoryEntry.STRUCTURE,
                        1,
                        FaultReason.PASID_DIRECTORY_ACCESS);
        faultsDisabled |= PasidDirectoryEntry.faultsDisabled(directory[0]);
        long table = PasidDirectoryEntry.pasidTable(directory[0]);
        check(
                PasidDirectoryEntry.present(directory[0]),
                FaultReason.PASID_DIRECTORY_NOT_PRESENT,
                "PASID directory entry",
                rules.pointer("PASID directory entry", directory[0], 2),
                FaultReason.PASID_DIRECTORY_RESERVED,
                "PASID table at " + hex(table));
        return table + PasidTableEntry.offset(pasid);
    }

    private Explanation.Ending pasidEntry(long address, int pasid, boolean privileged)
            throws Stopped {
        long[] entry =
                read(
                        "PASID table entry",
                        address,
                        PasidTableEntry.STRUCTURE,
                        PasidTableEntry.WORDS,
                        FaultReason.PASID_ENTRY_ACCESS);
        faultsDisabled |= PasidTableEntry.faultsDisabled(entry[0]);
        int type = PasidTableEntry.translationType(entry[0]);
        check(
                PasidTableEntry.present(entry[0]),
                FaultReason.PASID_ENTRY_NOT_PRESENT,
                "PASID table entry",
                rules.pasidEntry(entry),
                FaultReason.PASID_ENTRY_RESERVED,
                "PASID %s: %s, domain %d"
                        .formatted(
                                hex(pasid),
                                EntryRules.kind(type),
                                PasidTableEntry.domainId(entry[1])));
        String invalid = rules.invalidPasidEntry(entry);
        if (invalid != null) {
            throw fault(FaultReason.PASID_ENTRY_INVALID, invalid);
        }
        if (type == PasidTableEntry.PGTT_PASS_THROUGH) {
            return passThrough(
                    FaultReason.SCALABLE_ADDRESS_BEYOND_WIDTH,
                    FaultReason.SCALABLE_INTERRUPT_RANGE);
        }
        PagingWalk walk = PagingWalk.scalable(this, entry, privileged);
        if (type == PasidTableEntry.PGTT_SECOND_STAGE) {
            return walk.secondOnly();
        }
        if (privileged && !PasidTableEntry.supervisorEnabled(entry[2])) {
            throw fault(FaultReason.SUPERVISOR_DISABLED, "SRE is 0 and the request is privileged");
        }
        boolean served = state.claims(Ecap.ERS) && PasidTableEntry.ERE.isSet(entry[2]);
        if (executes() && !served) {
            throw fault(
                    FaultReason.EXECUTE_DISABLED,
                    "requests for execute permission need ECAP.ERS and ERE");
        }
        return walk.first();
    }

    /** Whether it asks for execute permission, which travels with the PASID. */
    boolean executes() {
        return access.kind() == Kind.EXECUTE && access.pasid() >= 0;
    }

    boolean writes() {
        return access.kind() == Kind.WRITE;
    }
}
