package org.opensva.conformance.cli.inspect.smmuv3;

import org.jspecify.annotations.Nullable;
import org.opensva.conformance.inspect.Decoded;
import org.opensva.conformance.inspect.Explanation;
import org.opensva.conformance.inspect.Explanation.Access;
import org.opensva.conformance.inspect.Explanation.Kind;
import org.opensva.conformance.inspect.Stopped;
import org.opensva.smmuv3.layout.ContextDescriptor;
import org.opensva.smmuv3.layout.ControlRegisters.Cr0;
import org.opensva.smmuv3.layout.ControlRegisters.Cr2;
import org.opensva.smmuv3.layout.ControlRegisters.Gbpa;
import org.opensva.smmuv3.layout.EventType;
import org.opensva.smmuv3.layout.IdRegisters.Idr1;
import org.opensva.smmuv3.layout.Level1ContextDescriptor;
import org.opensva.smmuv3.layout.Level1StreamTableDescriptor;
import org.opensva.smmuv3.layout.Register;
import org.opensva.smmuv3.layout.StreamTableEntry;
import org.opensva.smmuv3.layout.TableAndQueueRegisters.StrtabBase;
import org.opensva.smmuv3.layout.TableAndQueueRegisters.StrtabBaseCfg;

import java.util.ArrayList;
import java.util.List;

/**
 * Follows an untranslated access through the tables of a snapshot, as if no cache held anything
 * (sections 3.3, 3.4 and 15.1). It shares the layouts with the model and nothing else.
 */
public final class Explainer {

    private final Snapshot state;
    private final Access access;
    private final List<Explanation.Step> steps = new ArrayList<>();

    private Explainer(Snapshot state, Access access) {
        this.state = state;
        this.access = access;
    }

    /**
     * Explains an access.
     *
     * @param state the snapshot
     * @param access the access
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
        long control = state.get(Register.CR0);
        if (!Cr0.SMMUEN.isSet(control)) {
            step("SMMU_CR0.SMMUEN is 0", null, "SMMU_GBPA decides");
            if (Gbpa.ABORT.isSet(state.get(Register.GBPA))) {
                return new Explanation.Aborted("SMMU_GBPA.ABORT is 1");
            }
            return tooLarge(access.address())
                    ? new Explanation.Aborted("the address is beyond the output address size")
                    : bypassed();
        }
        long[] ste = stream();
        int config = StreamTableEntry.config(ste[0]);
        if ((config & StreamTableEntry.CONFIG_PASS_BIT) == 0) {
            return new Explanation.Aborted("STE.Config aborts the stream");
        }
        String illegal = EntryRules.illegalStream(state, ste);
        if (illegal != null) {
            throw configuration(EventType.C_BAD_STE, illegal);
        }
        if (config == StreamTableEntry.CONFIG_BYPASS) {
            if (access.pasid() >= 0) {
                throw configuration(
                        EventType.C_BAD_SUBSTREAMID, "a PASID on a stream without stage 1");
            }
            checkInput();
            return bypassed();
        }
        Access effective = overridden(ste);
        boolean stage2 = (config & StreamTableEntry.CONFIG_STAGE2_BIT) != 0;
        TableWalk walk = new TableWalk(state, effective, steps, ste);
        int index = substream(ste, config);
        if (index < 0) {
            checkInput();
            return stage2 ? walk.input(effective.address()) : bypassed();
        }
        long[] cd = context(ste, stage2, index, walk);
        String illegalContext = EntryRules.illegalContext(state, ste, cd);
        if (illegalContext != null) {
            throw configuration(EventType.C_BAD_CD, illegalContext);
        }
        return walk.stage1(cd);
    }

    /** The access with PRIVCFG and INSTCFG applied (section 13.1.2). */
    private Access overridden(long[] ste) {
        if (!Idr1.ATTR_PERMS_OVR.isSet(state.get(Register.IDR1))) {
            return access;
        }
        boolean privileged =
                switch ((int) StreamTableEntry.PRIVCFG.get(ste[1])) {
                    case StreamTableEntry.PRIVCFG_UNPRIVILEGED -> false;
                    case StreamTableEntry.PRIVCFG_PRIVILEGED -> true;
                    default -> access.privileged();
                };
        Kind kind = access.kind();
        if (kind != Kind.WRITE) {
            kind =
                    switch ((int) StreamTableEntry.INSTCFG.get(ste[1])) {
                        case StreamTableEntry.INSTCFG_DATA -> Kind.READ;
                        case StreamTableEntry.INSTCFG_INSTRUCTION -> Kind.EXECUTE;
                        default -> kind;
                    };
        }
        return new Access(access.requester(), access.pasid(), access.address(), kind, privileged);
    }

    private boolean tooLarge(long address) {
        return address >>> state.addressBits() != 0;
    }

    private void checkInput() throws Stopped {
        if (tooLarge(access.address())) {
            throw new Stopped(
                    new Explanation.Faulted(
                            EventType.F_ADDR_SIZE.name(),
                            true,
                            false,
                            "the input address is beyond the output address size"));
        }
    }

    private Explanation.Ending bypassed() {
        return new Explanation.Translated(access.address(), state.addressBits());
    }

    private void step(String what, @Nullable Decoded decoded, String yields) {
        steps.add(new Explanation.Step(what, decoded, yields));
    }

    private static Stopped configuration(EventType event, String reason) {
        return new Stopped(new Explanation.Faulted(event.name(), true, false, reason));
    }

    private Stopped badStream(String reason) {
        return new Stopped(
                new Explanation.Faulted(
                        EventType.C_BAD_STREAMID.name(),
                        Cr2.RECINVSID.isSet(state.get(Register.CR2)),
                        false,
                        reason));
    }

    private long[] stream() throws Stopped {
        long stream = Integer.toUnsignedLong(access.requester());
        int bits = state.streamBits();
        if (stream >>> bits != 0) {
            throw badStream("the StreamID has more bits than the stream table: " + bits);
        }
        long base = state.address(Register.STRTAB_BASE, StrtabBase.ADDR);
        long address =
                state.twoLevelStreams()
                        ? levelOne(base, stream, bits)
                        : (base & -1L << bits + 6) + stream * StreamTableEntry.BYTES;
        long[] words = state.read(address, StreamTableEntry.WORDS);
        if (words == null) {
            step("STE at " + hex(address), null, "there is no memory");
            throw configuration(EventType.F_STE_FETCH, "the STE cannot be fetched");
        }
        Decoded decoded = Decoding.of("STE", address, StreamTableEntry.STRUCTURE, words);
        if (!StreamTableEntry.valid(words[0])) {
            step("stream table entry", decoded, "V is 0: not valid");
            throw configuration(EventType.C_BAD_STE, "STE.V is 0");
        }
        step("stream table entry", decoded, kind(StreamTableEntry.config(words[0])));
        return words;
    }

    /**
     * What STE.Config asks for.
     *
     * @param config the field
     * @return in words
     */
    static String kind(int config) {
        return switch (config) {
            case StreamTableEntry.CONFIG_BYPASS -> "bypass";
            case StreamTableEntry.CONFIG_S1 -> "stage 1";
            case StreamTableEntry.CONFIG_S2 -> "stage 2";
            case StreamTableEntry.CONFIG_NESTED -> "stage 1 through stage 2";
            default -> "abort";
        };
    }

    private long levelOne(long base, long stream, int bits) throws Stopped {
        int split = StrtabBaseCfg.effectiveSplit(state.get(Register.STRTAB_BASE_CFG));
        long start = base & -1L << Math.max(6, bits - split + 3);
        long address = start + (stream >>> split) * Level1StreamTableDescriptor.BYTES;
        long[] words = state.read(address, 1);
        if (words == null) {
            step("L1STD at " + hex(address), null, "there is no memory");
            throw configuration(EventType.F_STE_FETCH, "the L1STD cannot be fetched");
        }
        int span = Level1StreamTableDescriptor.span(words[0]);
        long within = stream & (1L << split) - 1;
        Decoded decoded =
                Decoding.of("L1STD", address, Level1StreamTableDescriptor.STRUCTURE, words);
        boolean bad = span == 0 || span > Level1StreamTableDescriptor.MAX_SPAN || span > split + 1;
        if (bad || within >>> span - 1 != 0) {
            step("level 1 stream table descriptor", decoded, "does not cover the stream");
            throw badStream("L1STD.Span does not cover the StreamID");
        }
        long array = Level1StreamTableDescriptor.arrayAddress(words[0]);
        long entry = array + within * StreamTableEntry.BYTES;
        step("level 1 stream table descriptor", decoded, "STE at " + hex(entry));
        return entry;
    }

    /** The index of the CD, or -1 if stage 1 does not translate this access. */
    private int substream(long[] ste, int config) throws Stopped {
        boolean stage1 = (config & StreamTableEntry.CONFIG_STAGE1_BIT) != 0;
        int bits = EntryRules.contextBits(state, ste);
        int dss = (int) StreamTableEntry.S1DSS.get(ste[1]);
        int pasid = access.pasid();
        if (pasid >= 0) {
            if (!stage1 || bits == 0 || pasid >>> bits != 0) {
                throw configuration(
                        EventType.C_BAD_SUBSTREAMID,
                        "the stream has CDs for " + bits + " SubstreamID bits");
            }
            if (pasid == 0 && dss == StreamTableEntry.S1DSS_SSID0) {
                throw configuration(
                        EventType.F_STREAM_DISABLED,
                        "STE.S1DSS gives CD 0 to accesses without a PASID");
            }
            return pasid;
        }
        if (!stage1) {
            return -1;
        }
        if (bits > 0 && dss == StreamTableEntry.S1DSS_BYPASS) {
            step("STE.S1DSS", null, "without a PASID stage 1 is bypassed");
            return -1;
        }
        if (bits > 0 && dss != StreamTableEntry.S1DSS_SSID0) {
            throw configuration(
                    EventType.F_STREAM_DISABLED, "STE.S1DSS terminates accesses without a PASID");
        }
        return 0;
    }

    private long[] context(long[] ste, boolean stage2, int index, TableWalk walk) throws Stopped {
        long table = EntryRules.contextTable(state, ste);
        int format = EntryRules.contextFormat(state, ste);
        long address = table + (long) index * ContextDescriptor.BYTES;
        if (format != StreamTableEntry.S1FMT_LINEAR) {
            int split =
                    format == StreamTableEntry.S1FMT_4K_L2
                            ? ContextDescriptor.SPLIT_4K
                            : ContextDescriptor.SPLIT_64K;
            long at = table + (long) (index >>> split) * Level1ContextDescriptor.BYTES;
            long[] words = fetch("L1CD", at, 1, stage2, walk);
            long leaf = Level1ContextDescriptor.leafTable(words[0]);
            Decoded decoded = Decoding.of("L1CD", at, Level1ContextDescriptor.STRUCTURE, words);
            if (!Level1ContextDescriptor.valid(words[0]) || tooLarge(leaf)) {
                step("level 1 context descriptor", decoded, "points to no table");
                throw configuration(
                        EventType.C_BAD_SUBSTREAMID,
                        Level1ContextDescriptor.valid(words[0])
                                ? "L1CD.L2Ptr is beyond the output address size"
                                : "L1CD.V is 0");
            }
            leaf &= -1L << split + 6;
            address = leaf + (long) (index & (1 << split) - 1) * ContextDescriptor.BYTES;
            step("level 1 context descriptor", decoded, "CD at " + hex(address));
        }
        long[] words = fetch("CD", address, ContextDescriptor.WORDS, stage2, walk);
        step(
                "context descriptor",
                Decoding.of("CD", address, ContextDescriptor.STRUCTURE, words),
                "ASID " + ContextDescriptor.asid(words[0]));
        return words;
    }

    private long[] fetch(String what, long address, int count, boolean stage2, TableWalk walk)
            throws Stopped {
        long physical = stage2 ? walk.structure(what, address) : address;
        long[] words = state.read(physical, count);
        if (words == null) {
            step(what + " at " + hex(physical), null, "there is no memory");
            throw configuration(EventType.F_CD_FETCH, "the " + what + " cannot be fetched");
        }
        return words;
    }

    static String hex(long value) {
        return "0x" + Long.toHexString(value);
    }
}
