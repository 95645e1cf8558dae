package org.opensva.conformance.cli.inspect.vtd;

import org.opensva.api.ats.AgentPort;
import org.opensva.api.iommu.RequesterId;
import org.opensva.conformance.cli.replay.SilentDevice;
import org.opensva.conformance.inspect.DataWatch;
import org.opensva.conformance.inspect.Explanation.Access;
import org.opensva.conformance.inspect.Explanation.Kind;
import org.opensva.conformance.inspect.Seen;
import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
import org.opensva.vtd.layout.ControlRegisters.Gcmd;
import org.opensva.vtd.layout.ControlRegisters.Gsts;
import org.opensva.vtd.layout.EventRegisters.Fsts;
import org.opensva.vtd.layout.FaultRecord;
import org.opensva.vtd.layout.Field;
import org.opensva.vtd.layout.Register;
import org.opensva.vtd.layout.RelocatedRegister;
import org.opensva.vtd.model.VtdInterrupts;
import org.opensva.vtd.model.VtdIommu;
import org.opensva.vtd.model.VtdProfile;

import java.util.List;

/**
 * Has the model do an access on a copy of a snapshot. The queues stay off, so that nothing of what
 * waits in them happens, and the fault records start empty.
 */
public final class ModelRun {

    /** What CAP says about translation; the rest of it has no part in a request. */
    private static final List<Field> CAP =
            List.of(Cap.ND, Cap.SAGAW, Cap.MGAW, Cap.ZLR, Cap.SSLPS, Cap.FS1GP, Cap.FS5LP);

    /** What ECAP says about translation. */
    private static final List<Field> ECAP =
            List.of(
                    Ecap.C,
                    Ecap.QI,
                    Ecap.DT,
                    Ecap.IR,
                    Ecap.EIM,
                    Ecap.PT,
                    Ecap.SC,
                    Ecap.MTS,
                    Ecap.NEST,
                    Ecap.PRS,
                    Ecap.ERS,
                    Ecap.SRS,
                    Ecap.EAFS,
                    Ecap.PSS,
                    Ecap.PASID,
                    Ecap.SMTS,
                    Ecap.SSADS,
                    Ecap.SSTS,
                    Ecap.FSTS,
                    Ecap.SMPWCS,
                    Ecap.RPS,
                    Ecap.ADMS,
                    Ecap.RPRIVS);

    private static final int FAULT_RECORDS = 0x200;
    private static final int IOTLB_REGISTERS = 0x100;

    private ModelRun() {}

    /**
     * Carries an access of one byte out.
     *
     * @param state the snapshot; not changed
     * @param access the access
     * @return what came of it
     * @throws IllegalArgumentException if the model cannot be this unit; the message names the
     *     claim
     */
    public static Seen run(Snapshot state, Access access) {
        long cap = Cap.FRO.place(FAULT_RECORDS / 16) | only(CAP, state.cap());
        long ecap = Ecap.IRO.place(IOTLB_REGISTERS / 16) | only(ECAP, state.ecap());
        VtdProfile profile =
                VtdProfile.fromCapabilities(cap, ecap).withCaches(1 << 4, 1 << 4, 1 << 4, 1 << 4);
        DataWatch memory = new DataWatch(state.memory().copy(List.of()));
        try (VtdIommu iommu = new VtdIommu(profile, memory, VtdInterrupts.NONE, System::nanoTime)) {
            load(iommu, state);
            AgentPort port = iommu.connect(new RequesterId(access.requester()), new SilentDevice());
            carryOut(port, access);
            if (!Fsts.PPF.isSet(iommu.read(Register.FSTS.offset(), 4))) {
                return new Seen(memory.touched(), null);
            }
            long high = iommu.read(RelocatedRegister.FRCD_HI.offset(cap, ecap, 0), 8);
            return new Seen(memory.touched(), Decoding.reason(FaultRecord.reason(high)));
        }
    }

    private static long only(List<Field> fields, long register) {
        long kept = 0;
        for (Field field : fields) {
            kept |= register & field.mask();
        }
        return kept;
    }

    private static void carryOut(AgentPort port, Access access) {
        int bits =
                (access.privileged() ? org.opensva.api.memory.Access.PRIVILEGED : 0)
                        | switch (access.kind()) {
                            case READ -> org.opensva.api.memory.Access.READ;
                            case WRITE -> org.opensva.api.memory.Access.WRITE;
                            case EXECUTE -> org.opensva.api.memory.Access.EXECUTE;
                        };
        byte[] data = new byte[1];
        // Where the data went is what counts, not whether there is memory.
        if (access.kind() == Kind.WRITE) {
            port.write(access.pasid(), bits, access.address(), data, 0, 1);
        } else {
            port.read(access.pasid(), bits, access.address(), data, 0, 1);
        }
    }

    private static void load(VtdIommu iommu, Snapshot state) {
        long gsts = state.get(Register.GSTS);
        iommu.write(Register.RTADDR.offset(), 8, state.get(Register.RTADDR));
        command(iommu, Gcmd.SRTP.mask(), 0);
        long kept = 0;
        if (Gsts.IRES.isSet(gsts)) {
            iommu.write(Register.IRTA.offset(), 8, state.get(Register.IRTA));
            command(iommu, Gcmd.SIRTP.mask(), 0);
            kept = Gcmd.IRE.mask();
            command(iommu, kept, 0);
        }
        if (Gsts.TES.isSet(gsts)) {
            command(iommu, Gcmd.TE.mask(), kept);
        }
    }

    /** One command a write; what is on already has to be said again (section 11.4.4). */
    private static void command(VtdIommu iommu, long command, long kept) {
        iommu.write(Register.GCMD.offset(), 4, command | kept);
    }
}
