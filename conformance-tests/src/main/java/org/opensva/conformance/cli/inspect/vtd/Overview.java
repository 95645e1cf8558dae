package org.opensva.conformance.cli.inspect.vtd;

import static org.opensva.conformance.cli.inspect.vtd.Decoding.hex;

import org.opensva.conformance.inspect.Decoded;
import org.opensva.conformance.inspect.Section;
import org.opensva.conformance.inspect.Section.Node;
import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
import org.opensva.vtd.layout.CapabilityRegisters.Ver;
import org.opensva.vtd.layout.ControlRegisters.Gsts;
import org.opensva.vtd.layout.ControlRegisters.Pmen;
import org.opensva.vtd.layout.ControlRegisters.Rtaddr;
import org.opensva.vtd.layout.EventRegisters.EventControl;
import org.opensva.vtd.layout.EventRegisters.Fsts;
import org.opensva.vtd.layout.FaultReason;
import org.opensva.vtd.layout.FaultRecord;
import org.opensva.vtd.layout.Field;
import org.opensva.vtd.layout.QueueError;
import org.opensva.vtd.layout.QueueRegisters.Iqercd;
import org.opensva.vtd.layout.QueueRegisters.Prs;
import org.opensva.vtd.layout.Register;
import org.opensva.vtd.layout.RelocatedRegister;

import java.util.ArrayList;
import java.util.List;

/** A snapshot, decoded. */
public final class Overview {

    private Overview() {}

    /**
     * Decodes a snapshot.
     *
     * @param state the snapshot
     * @return all of it, a subject at a time
     */
    public static List<Section> of(Snapshot state) {
        List<Section> sections = new ArrayList<>();
        sections.add(new Section("features", "features", features(state)));
        sections.add(new Section("registers", "registers", registers(state)));
        sections.add(new Section("status", "status", status(state)));
        sections.add(new Section("faults", "fault records", faults(state)));
        sections.add(TableScan.requesters(state));
        sections.add(QueueScan.invalidations(state));
        if (state.claims(Ecap.PRS)) {
            sections.add(QueueScan.pageRequests(state));
        }
        if (state.claims(Ecap.IR)) {
            sections.add(InterruptScan.entries(state));
        }
        return sections;
    }

    private static List<Node> registers(Snapshot state) {
        List<Node> nodes = new ArrayList<>();
        for (Register register : Register.values()) {
            if (state.knows(register.offset(), register.bytes())) {
                long value = state.get(register);
                nodes.add(
                        new Node(
                                register.name(),
                                register.structure()
                                        .map(s ->
                                                Decoding.of(
                                                        register.name(),
                                                        register.offset(),
                                                        s,
                                                        value))
                                        .orElseGet(() ->
                                                new Decoded(
                                                        register.name(),
                                                        register.offset(),
                                                        List.of(value),
                                                        List.of()))));
            }
        }
        for (RelocatedRegister register : List.of(RelocatedRegister.IVA, RelocatedRegister.IOTLB)) {
            long offset = register.offset(state.cap(), state.ecap(), 0);
            if (state.knows(offset, register.bytes())) {
                nodes.add(
                        new Node(
                                register.name(),
                                Decoding.of(
                                        register.name(),
                                        offset,
                                        register.structure(),
                                        state.at(offset, register.bytes()))));
            }
        }
        return nodes;
    }

    private static List<Node> features(Snapshot state) {
        long cap = state.cap();
        long ecap = state.ecap();
        long version = state.get(Register.VER);
        List<Node> words = new ArrayList<>();
        words.add(new Node("VT-d %d.%d".formatted(Ver.MAX.get(version), Ver.MIN.get(version))));
        words.add(new Node("guest addresses of %d bits".formatted(Cap.mgaw(cap))));
        words.add(new Node("domain ids of %d bits".formatted(Cap.domainIdBits(cap))));
        words.add(
                new Node(
                        "second-stage tables of%s levels; large pages:%s"
                                .formatted(
                                        listed(Cap.SAGAW.get(cap) >>> 1, " 3", " 4", " 5"),
                                        listed(Cap.SSLPS.get(cap), " 2 MB", " 1 GB"))));
        if (Ecap.SMTS.isSet(ecap)) {
            List<String> kinds = new ArrayList<>();
            add(kinds, Ecap.FSTS.isSet(ecap), "first-stage");
            add(kinds, Ecap.SSTS.isSet(ecap), "second-stage");
            add(kinds, Ecap.NEST.isSet(ecap), "nested");
            add(kinds, Cap.FS5LP.isSet(cap), "5-level first-stage");
            add(kinds, Cap.FS1GP.isSet(cap), "1 GB first-stage pages");
            words.add(new Node("scalable mode: " + String.join(", ", kinds)));
        } else {
            words.add(new Node("legacy mode alone"));
        }
        if (Ecap.PASID.isSet(ecap)) {
            words.add(new Node("requests with PASIDs of %d bits".formatted(Ecap.pasidBits(ecap))));
        }
        claim(words, ecap, Ecap.PT, "pass-through");
        claim(words, ecap, Ecap.QI, "queued invalidation");
        claim(words, ecap, Ecap.DT, "device-TLBs");
        claim(words, ecap, Ecap.PRS, "page requests");
        claim(words, ecap, Ecap.IR, "interrupt remapping");
        claim(words, ecap, Ecap.EIM, "32-bit interrupt destinations");
        claim(words, cap, Cap.PI, "posted interrupts");
        claim(words, ecap, Ecap.SRS, "supervisor requests");
        claim(words, ecap, Ecap.EAFS, "Extended Accessed flags");
        claim(words, ecap, Ecap.SSADS, "second-stage Accessed and Dirty flags");
        claim(words, ecap, Ecap.SMPWCS, "coherent page walks in scalable mode");
        claim(words, ecap, Ecap.SC, "snoop control");
        claim(words, cap, Cap.CM, "caching mode");
        claim(words, cap, Cap.PLMR, "protected low memory");
        claim(words, cap, Cap.PHMR, "protected high memory");
        claim(words, cap, Cap.ESRTPS, "a new root table invalidates all caches");
        words.add(new Node("%d fault recording registers".formatted(Cap.faultRecords(cap))));
        return words;
    }

    private static String listed(long bits, String... names) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < names.length; i++) {
            text.append((bits >>> i & 1) == 0 ? "" : names[i]);
        }
        return text.isEmpty() ? " none" : text.toString();
    }

    private static void add(List<String> words, boolean condition, String word) {
        if (condition) {
            words.add(word);
        }
    }

    private static void claim(List<Node> words, long register, Field field, String word) {
        if (field.isSet(register)) {
            words.add(new Node(word));
        }
    }

    private static List<Node> status(Snapshot state) {
        long gsts = state.get(Register.GSTS);
        List<Node> nodes = new ArrayList<>();
        nodes.add(
                new Node(
                        Gsts.TES.isSet(gsts)
                                ? "translation enabled, %s, root table at %s"
                                        .formatted(mode(state), hex(state.rootTable()))
                                : "translation disabled: requests pass through the unit"));
        if (!Gsts.RTPS.isSet(gsts)) {
            nodes.add(new Node("no root table has been set"));
        }
        nodes.add(on("queued invalidation", Gsts.QIES.isSet(gsts)));
        nodes.add(on("interrupt remapping", Gsts.IRES.isSet(gsts)));
        if (Gsts.IRES.isSet(gsts)) {
            nodes.add(
                    new Node(
                            Gsts.CFIS.isSet(gsts)
                                    ? "compatibility format interrupts pass"
                                    : "compatibility format interrupts are blocked"));
        }
        if (Pmen.EPM.isSet(state.get(Register.PMEN))) {
            nodes.add(new Node("protected memory regions enabled"));
        }
        long fsts = state.get(Register.FSTS);
        flag(nodes, fsts, Fsts.PFO, "a fault was lost: every fault record was in use");
        flag(nodes, fsts, Fsts.PPF, "a fault is pending");
        if (Fsts.IQE.isSet(fsts)) {
            int code = (int) Iqercd.IQEI.get(state.get(Register.IQERCD));
            QueueError error = QueueError.of(code);
            nodes.add(
                    new Node(
                            "the invalidation queue stopped at its head: %s"
                                    .formatted(error == null ? "error " + code : error.name())));
        }
        flag(nodes, fsts, Fsts.ICE, "a device answered an invalidation that was not sent to it");
        flag(nodes, fsts, Fsts.ITE, "a device did not answer an invalidation in time");
        long prs = state.get(Register.PRS);
        flag(nodes, prs, Prs.PPR, "a page request is pending");
        flag(nodes, prs, Prs.PRO, "page requests were lost: their queue was full");
        event(nodes, state, Register.FECTL, "fault event");
        event(nodes, state, Register.IECTL, "invalidation event");
        event(nodes, state, Register.PECTL, "page request event");
        return nodes;
    }

    private static String mode(Snapshot state) {
        return switch (state.mode()) {
            case Rtaddr.TTM_LEGACY -> "legacy mode";
            case Rtaddr.TTM_SCALABLE -> "scalable mode";
            case Rtaddr.TTM_ABORT_DMA -> "abort-DMA mode";
            default -> "reserved mode";
        };
    }

    private static Node on(String what, boolean enabled) {
        return new Node(what + (enabled ? " enabled" : " disabled"));
    }

    private static void flag(List<Node> nodes, long register, Field field, String words) {
        if (field.isSet(register)) {
            nodes.add(new Node("%s: %s".formatted(field.name(), words)));
        }
    }

    private static void event(List<Node> nodes, Snapshot state, Register control, String name) {
        if (EventControl.IP.isSet(state.get(control))) {
            nodes.add(new Node(name + " pending, and masked"));
        }
    }

    private static List<Node> faults(Snapshot state) {
        List<Node> nodes = new ArrayList<>();
        for (int i = 0; i < Cap.faultRecords(state.cap()); i++) {
            long offset = RelocatedRegister.FRCD_LO.offset(state.cap(), state.ecap(), i);
            long low = state.at(offset, Long.BYTES);
            long high = state.at(offset + Long.BYTES, Long.BYTES);
            if (low != 0 || high != 0) {
                nodes.add(
                        new Node(
                                "%d %s: %s"
                                        .formatted(
                                                i,
                                                FaultRecord.F.isSet(high) ? "pending" : "cleared",
                                                told(low, high)),
                                Decoding.of("FRCD", offset, FaultRecord.STRUCTURE, low, high)));
            }
        }
        return nodes;
    }

    /** A fault as a sentence. */
    private static String told(long low, long high) {
        int code = FaultRecord.reason(high);
        FaultReason reason = FaultReason.of(code);
        if (reason != null && reason.kind() == FaultReason.Kind.INTERRUPT) {
            return "%s, interrupt %d of %s"
                    .formatted(
                            Decoding.reason(code),
                            FaultRecord.INDEX.get(low),
                            Decoding.function(FaultRecord.sourceId(high)));
        }
        String type =
                switch (FaultRecord.type(high)) {
                    case FaultRecord.TYPE_READ -> "read";
                    case FaultRecord.TYPE_WRITE -> "write";
                    case FaultRecord.TYPE_PAGE_REQUEST -> "page request";
                    default -> "AtomicOp";
                };
        String pasid = FaultRecord.PP.isSet(high) ? ", PASID " + hex(FaultRecord.pasid(high)) : "";
        return "%s, %s of %s at %s%s"
                .formatted(
                        Decoding.reason(code),
                        type,
                        Decoding.function(FaultRecord.sourceId(high)),
                        hex(FaultRecord.address(low)),
                        pasid);
    }
}
