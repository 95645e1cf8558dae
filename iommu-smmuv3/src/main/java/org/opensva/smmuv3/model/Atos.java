package org.opensva.smmuv3.model;

import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.Access;
import org.opensva.smmuv3.layout.AtosRegisters.GatosAddr;
import org.opensva.smmuv3.layout.AtosRegisters.GatosPar;
import org.opensva.smmuv3.layout.AtosRegisters.GatosParFault;
import org.opensva.smmuv3.layout.AtosRegisters.GatosSid;
import org.opensva.smmuv3.layout.ControlRegisters.Cr0;
import org.opensva.smmuv3.layout.EventRecord;
import org.opensva.smmuv3.layout.EventType;
import org.opensva.smmuv3.layout.IdRegisters.Idr0;
import org.opensva.smmuv3.layout.Register;

/**
 * Address translation operations: software asks by registers what a transaction would be translated
 * to (chapter 9). Nothing is recorded, and nothing stalls.
 *
 * <p>An operation is carried out by the thread that writes RUN, inside a lane, so that
 * invalidations and changes of SMMU_CR0.SMMUEN wait for it.
 */
final class Atos {

    private static final int SMALLEST_SIZE = 12;

    private final SmmuProfile profile;
    private final Registers registers;
    private final ConfigurationCache configurations;
    private final Translator translator;
    private final Devices devices;

    Atos(
            SmmuProfile profile,
            Registers registers,
            ConfigurationCache configurations,
            Translator translator,
            Devices devices) {
        this.profile = profile;
        this.registers = registers;
        this.configurations = configurations;
        this.translator = translator;
        this.devices = devices;
    }

    /** A write to SMMU_GATOS_CTRL: a 1 in RUN starts an operation, which is over on return. */
    void control(long value, long touched) {
        int streamId = (int) GatosSid.STREAMID.get(registers.get(Register.GATOS_SID));
        Lane lane = devices.lanes(streamId).enter();
        try {
            // Inside the lane: who disables translation now waits for the end.
            long enabled =
                    registers.get(Register.CR0)
                            & registers.get(Register.CR0ACK)
                            & Cr0.SMMUEN.mask();
            if (enabled == 0 || !registers.store(Register.GATOS_CTRL, value, touched)) {
                return;
            }
            if (registers.get(Register.GATOS_CTRL) != 0) {
                registers.set(Register.GATOS_PAR, run(lane));
                registers.set(Register.GATOS_CTRL, 0);
            }
        } finally {
            lane.leave();
        }
    }

    private long run(Lane lane) {
        long sid = registers.get(Register.GATOS_SID);
        long addr = registers.get(Register.GATOS_ADDR);
        int type = (int) GatosAddr.TYPE.get(addr);
        boolean substream = GatosSid.SSID_VALID.isSet(sid);
        boolean first = (type & GatosAddr.TYPE_STAGE1) != 0;
        boolean second = (type & GatosAddr.TYPE_STAGE2) != 0;
        if (type == GatosAddr.TYPE_RESERVED
                || first && !profile.has(Idr0.S1P)
                || second && !profile.has(Idr0.S2P)
                || !first && substream) {
            return refused(GatosParFault.FAULT_INV_REQ);
        }
        int streamId = (int) GatosSid.STREAMID.get(sid);
        int pasid = substream ? (int) GatosSid.SUBSTREAMID.get(sid) : Pasid.NONE;
        int access = GatosAddr.PNU.isSet(addr) ? Access.PRIVILEGED : 0;
        if (GatosAddr.IND.isSet(addr)) {
            access |= Access.EXECUTE;
        }
        boolean write = !GatosAddr.RNW.isSet(addr);
        Translation request = lane.translation;
        request.begin(streamId, pasid, access, write, false, GatosAddr.ADDR.address(addr));
        request.askForAttributes();
        request.probe(!second, GatosAddr.HTTUI.isSet(addr));
        lane.add(Lane.Count.TRANSLATIONS, 1);
        StreamState stream = configurations.streamOrNew(streamId);
        StreamEntry entry = translator.entry(stream, request, lane);
        if (entry == null) {
            return fault(request, type);
        }
        if (entry.kind() == StreamEntry.Kind.ILLEGAL) {
            request.configurationFault(EventType.C_BAD_STE, 0);
            return fault(request, type);
        }
        if (entry.kind() != StreamEntry.Kind.TRANSLATE
                || first && !entry.stage1()
                || second && !entry.stage2()) {
            return refused(GatosParFault.FAULT_INV_STAGE);
        }
        Translation.Outcome outcome =
                first
                        ? translator.lookUp(stream, entry, request, lane)
                        : translator.secondStage(entry, request, lane);
        return switch (outcome) {
            case TRANSLATED -> result(request);
            case FAULT -> fault(request, type);
            case ABORT -> refused(GatosParFault.FAULT_INTERNAL_ERR);
        };
    }

    private long result(Translation request) {
        int size = Math.max(SMALLEST_SIZE, request.sizeShift());
        long address = request.output() & -1L << size;
        if (size > SMALLEST_SIZE) {
            address |= 1L << size - 1;
        }
        MemoryAttributes attributes = request.attributes();
        return GatosPar.ADDR.address(address)
                | GatosPar.SIZE.place(size > SMALLEST_SIZE ? 1 : 0)
                | GatosPar.SH.place(attributes.shareability())
                | GatosPar.ATTR.place(attributes.mair());
    }

    private static long refused(int code) {
        return GatosParFault.FAULT.mask() | GatosParFault.FAULTCODE.place(code);
    }

    /** What is reported of a fault depends on what was asked for (section 9.1.4). */
    private static long fault(Translation request, int type) {
        EventType event = request.fault();
        boolean stage2 = EventRecord.S2.isSet(request.eventWord1());
        int faultClass = (int) EventRecord.CLASS.get(request.eventWord1());
        return switch (type) {
            case GatosAddr.TYPE_STAGE1 -> {
                // Whoever asks for stage 1 alone is not told of stage 2: what is fetched through
                // it could not be fetched.
                EventType told =
                        !stage2
                                ? event
                                : faultClass == EventRecord.CLASS_CD
                                        ? EventType.F_CD_FETCH
                                        : EventType.F_WALK_EABT;
                yield refused(told.number());
            }
            case GatosAddr.TYPE_STAGE2 -> {
                boolean stage1Size = event == EventType.F_ADDR_SIZE && !stage2;
                yield refused(event.number())
                        | GatosParFault.REASON.place(
                                stage1Size
                                        ? GatosParFault.REASON_STAGE1_OR_OTHER
                                        : GatosParFault.REASON_IN);
            }
            default -> {
                if (!stage2) {
                    yield refused(event.number());
                }
                int reason =
                        switch (faultClass) {
                            case EventRecord.CLASS_CD -> GatosParFault.REASON_CD;
                            case EventRecord.CLASS_TT -> GatosParFault.REASON_TT;
                            default -> GatosParFault.REASON_IN;
                        };
                // Of an external abort there is no address.
                long address = event == EventType.F_WALK_EABT ? 0 : request.eventWord3();
                yield refused(event.number())
                        | GatosParFault.REASON.place(reason)
                        | GatosParFault.FADDR.address(address);
            }
        };
    }
}
