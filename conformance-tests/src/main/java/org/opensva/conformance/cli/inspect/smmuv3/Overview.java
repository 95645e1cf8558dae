package org.opensva.conformance.cli.inspect.smmuv3;

import org.opensva.conformance.inspect.Decoded;
import org.opensva.smmuv3.layout.AddressSize;
import org.opensva.smmuv3.layout.ControlRegisters.Gerror;
import org.opensva.smmuv3.layout.Field;
import org.opensva.smmuv3.layout.IdRegisters.Aidr;
import org.opensva.smmuv3.layout.IdRegisters.Idr0;
import org.opensva.smmuv3.layout.IdRegisters.Idr1;
import org.opensva.smmuv3.layout.IdRegisters.Idr3;
import org.opensva.smmuv3.layout.IdRegisters.Idr5;
import org.opensva.smmuv3.layout.Register;
import org.opensva.smmuv3.layout.TableAndQueueRegisters.CmdqCons;

import java.util.ArrayList;
import java.util.List;

/**
 * A snapshot, decoded.
 *
 * @param features what the identification registers claim, in words
 * @param registers the registers that are known
 * @param streams the valid streams
 * @param cut whether streams or CDs are left out because there are too many
 * @param queues the queues
 * @param globalErrors the global errors that software has not acknowledged
 */
public record Overview(
        List<String> features,
        List<Decoded> registers,
        List<StreamRange> streams,
        boolean cut,
        List<QueueView> queues,
        List<String> globalErrors) {

    /** Copies the lists. */
    public Overview {
        features = List.copyOf(features);
        registers = List.copyOf(registers);
        streams = List.copyOf(streams);
        queues = List.copyOf(queues);
        globalErrors = List.copyOf(globalErrors);
    }

    /**
     * Decodes a snapshot.
     *
     * @param state the snapshot
     * @return all of it
     */
    public static Overview of(Snapshot state) {
        StreamScan scan = new StreamScan(state);
        List<StreamRange> streams = scan.streams();
        List<QueueView> queues = new ArrayList<>();
        queues.add(QueueView.commands(state));
        queues.add(QueueView.events(state));
        if (state.claims(Idr0.PRI)) {
            queues.add(QueueView.pageRequests(state));
        }
        return new Overview(
                features(state),
                registers(state),
                streams,
                scan.exhausted(),
                queues,
                errors(state));
    }

    private static List<Decoded> registers(Snapshot state) {
        List<Decoded> all = new ArrayList<>();
        for (Register register : state.known()) {
            long value = state.get(register);
            all.add(
                    register.structure()
                            .map(s -> Decoding.of(register.name(), register.offset(), s, value))
                            .orElseGet(() ->
                                    new Decoded(
                                            register.name(),
                                            register.offset(),
                                            List.of(value),
                                            List.of())));
        }
        return all;
    }

    private static List<String> features(Snapshot state) {
        long idr0 = state.get(Register.IDR0);
        long idr1 = state.get(Register.IDR1);
        long idr3 = state.get(Register.IDR3);
        long idr5 = state.get(Register.IDR5);
        long aidr = state.get(Register.AIDR);
        List<String> features = new ArrayList<>();
        features.add(
                "SMMUv3."
                        + Aidr.ARCHMINORREV.get(aidr)
                        + (Aidr.ARCHMAJORREV.get(aidr) == 0 ? "" : " (unknown architecture)"));
        boolean both = Idr0.S1P.isSet(idr0) && Idr0.S2P.isSet(idr0);
        features.add(
                both
                        ? "stage 1, stage 2 and nested translation"
                        : Idr0.S1P.isSet(idr0)
                                ? "stage 1 translation"
                                : Idr0.S2P.isSet(idr0) ? "stage 2 translation" : "no translation");
        features.add(
                "StreamIDs of %d bits, SubstreamIDs of %d"
                        .formatted(Idr1.SIDSIZE.get(idr1), Idr1.SSIDSIZE.get(idr1)));
        features.add(
                "%s stream tables, %s CD tables"
                        .formatted(
                                Idr0.ST_LEVEL.get(idr0) == 1 ? "linear and 2-level" : "linear",
                                Idr0.CD2L.isSet(idr0) ? "linear and 2-level" : "linear"));
        features.add(
                "addresses of %d bits; granules%s%s%s"
                        .formatted(
                                AddressSize.bits((int) Idr5.OAS.get(idr5)),
                                Idr5.GRAN4K.isSet(idr5) ? " 4K" : "",
                                Idr5.GRAN16K.isSet(idr5) ? " 16K" : "",
                                Idr5.GRAN64K.isSet(idr5) ? " 64K" : ""));
        features.add(
                "ASIDs of %d bits, VMIDs of %d"
                        .formatted(
                                Idr0.ASID16.isSet(idr0) ? 16 : 8,
                                Idr0.VMID16.isSet(idr0) ? 16 : 8));
        features.add(
                "queues of up to 2^%d commands, 2^%d events%s"
                        .formatted(
                                Idr1.CMDQS.get(idr1),
                                Idr1.EVENTQS.get(idr1),
                                Idr0.PRI.isSet(idr0)
                                        ? ", 2^%d page requests".formatted(Idr1.PRIQS.get(idr1))
                                        : ""));
        features.add(
                switch ((int) Idr0.STALL_MODEL.get(idr0)) {
                    case 0 -> "faults stall or terminate";
                    case 1 -> "faults terminate";
                    case 2 -> "faults stall";
                    default -> "reserved stall model";
                });
        features.add(
                switch ((int) Idr0.HTTU.get(idr0)) {
                    case 0 -> "no hardware updates of descriptors";
                    case 1 -> "hardware Access flag";
                    case 2 -> "hardware Access flag and dirty state";
                    default -> "hardware updates of tables as well";
                });
        claim(features, idr0, Idr0.COHACC, "coherent table walks and queues");
        claim(features, idr0, Idr0.ATS, "ATS");
        claim(features, idr0, Idr0.PRI, "PRI");
        claim(features, idr0, Idr0.MSI, "MSIs");
        claim(features, idr0, Idr0.SEV, "wake-up events");
        claim(features, idr0, Idr0.BTM, "broadcast TLB maintenance");
        claim(features, idr0, Idr0.HYP, "EL2 regimes");
        claim(features, idr0, Idr0.ATOS, "address translation operations");
        claim(features, idr3, Idr3.RIL, "range invalidation");
        claim(features, idr3, Idr3.HAD, "hierarchical attributes can be disabled");
        claim(features, idr3, Idr3.XNX, "execute-never by privilege at stage 2");
        return features;
    }

    private static void claim(List<String> features, long register, Field field, String words) {
        if (field.isSet(register)) {
            features.add(words);
        }
    }

    private static List<String> errors(Snapshot state) {
        long active = state.get(Register.GERROR) ^ state.get(Register.GERRORN);
        List<String> errors = new ArrayList<>();
        for (Field field : Gerror.STRUCTURE.fields()) {
            if (field.isSet(active)) {
                errors.add(
                        field.equals(Gerror.CMDQ_ERR)
                                ? field.name() + ": " + commandError(state)
                                : field.name());
            }
        }
        return errors;
    }

    private static String commandError(Snapshot state) {
        int error = (int) CmdqCons.ERR.get(state.get(Register.CMDQ_CONS));
        return switch (error) {
            case CmdqCons.CERROR_NONE -> "CERROR_NONE";
            case CmdqCons.CERROR_ILL -> "CERROR_ILL, the command at CONS is illegal";
            case CmdqCons.CERROR_ABT -> "CERROR_ABT, the command at CONS could not be fetched";
            case CmdqCons.CERROR_ATC_INV_SYNC ->
                    "CERROR_ATC_INV_SYNC, an ATC invalidation was not answered";
            default -> "reserved error " + error;
        };
    }
}
