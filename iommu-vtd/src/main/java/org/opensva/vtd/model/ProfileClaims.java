package org.opensva.vtd.model;

import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
import org.opensva.vtd.layout.FaultRecord;
import org.opensva.vtd.layout.Field;
import org.opensva.vtd.layout.Register;
import org.opensva.vtd.layout.RelocatedRegister;

/**
 * Which claims of CAP and ECAP the model keeps, and which go together (sections 11.4.2 and 11.4.3).
 */
final class ProfileClaims {

    private ProfileClaims() {}

    static void check(long cap, long ecap) {
        refuse((cap & ~Cap.STRUCTURE.definedBits(0)) != 0, "CAP has a reserved bit set");
        refuse((ecap & ~Ecap.STRUCTURE.definedBits(0)) != 0, "ECAP has a reserved bit set");
        refuse(Cap.ND.get(cap) == 7, "CAP.ND is 7, which is reserved");
        long widths = Cap.SAGAW.get(cap);
        refuse((widths & ~0b01110) != 0, "CAP.SAGAW claims a width other than 39, 48 and 57 bits");
        refuse(Cap.mgaw(cap) > 57, "CAP.MGAW claims more than 57 bits");
        refuse(Cap.SSLPS.get(cap) > 0b0011, "CAP.SSLPS claims more than 2 MB and 1 GB pages");
        refuse(Ecap.pasidBits(ecap) > 20, "ECAP.PSS claims more than 20 bits");
        unimplemented(cap, Cap.AFL, "the fault log: faults are recorded in FRCD");
        unimplemented(ecap, Ecap.MTS, "memory types: emulated memory has none");
        unimplemented(ecap, Ecap.VCS, "virtual commands: hardware reports 0");
        unimplemented(ecap, Ecap.TDXIO, "TDX Connect: its text is not public");
        unimplemented(ecap, Ecap.HPTS, "host permission tables: their text is not public");
        unimplemented(ecap, Ecap.DIT, "throttling by physical function: there are no virtual ones");
        unimplemented(ecap, Ecap.PTRS, "translated requests with PASID: the link has none");
        unimplemented(ecap, Ecap.PBDS, "page-specific DMA: its text is not public");
        unimplemented(ecap, Ecap.SMS, "Stop Marker support: its text is not public");
        needs(ecap, Ecap.DT, Ecap.QI);
        needs(ecap, Ecap.IR, Ecap.QI);
        needs(ecap, Ecap.EIM, Ecap.IR);
        needs(ecap, Ecap.SMTS, Ecap.QI);
        needs(ecap, Ecap.FSTS, Ecap.SMTS);
        needs(ecap, Ecap.SSTS, Ecap.SMTS);
        needs(ecap, Ecap.SSADS, Ecap.SSTS);
        needs(ecap, Ecap.NEST, Ecap.FSTS);
        needs(ecap, Ecap.NEST, Ecap.SSTS);
        needs(ecap, Ecap.PASID, Ecap.SMTS);
        needs(ecap, Ecap.PSS, Ecap.PASID);
        needs(ecap, Ecap.RPS, Ecap.PASID);
        needs(ecap, Ecap.RPRIVS, Ecap.SMTS);
        needs(ecap, Ecap.ERS, Ecap.PASID);
        needs(ecap, Ecap.EAFS, Ecap.FSTS);
        needs(ecap, Ecap.PRS, Ecap.DT);
        needs(ecap, Ecap.PRS, Ecap.SMTS);
        needs(ecap, Ecap.PDS, Ecap.PRS);
        needs(ecap, Ecap.NWFS, Ecap.DT);
        refuse(
                Ecap.PMS.isSet(ecap) && !Cap.ECMDS.isSet(cap),
                "ECAP.PMS needs CAP.ECMDS: enhanced commands enable the counters");
        refuse(
                Cap.PI.isSet(cap) && !Ecap.IR.isSet(ecap),
                "CAP.PI needs ECAP.IR: posting is a kind of remapping");
        refuse(
                Cap.ESIRTPS.isSet(cap) && !Ecap.IR.isSet(ecap),
                "CAP.ESIRTPS needs ECAP.IR: it is about the interrupt remapping table");
        refuse(
                (Cap.FS1GP.isSet(cap) || Cap.FS5LP.isSet(cap)) && !Ecap.FSTS.isSet(ecap),
                "CAP.FS1GP and CAP.FS5LP need ECAP.FSTS: they are about first-stage tables");
        refuse(
                widths == 0 && (!Ecap.SMTS.isSet(ecap) || Ecap.SSTS.isSet(ecap)),
                "CAP.SAGAW claims no width for second-stage tables");
        places(cap, ecap);
    }

    /** The relocated registers keep clear of the fixed ones and of each other. */
    private static void places(long cap, long ecap) {
        int iotlb = RelocatedRegister.IVA.offset(cap, ecap, 0);
        int faults = RelocatedRegister.FRCD_LO.offset(cap, ecap, 0);
        int faultsEnd = faults + FaultRecord.BYTES * Cap.faultRecords(cap);
        for (int at = iotlb; at < iotlb + 16; at += 4) {
            refuse(taken(at, cap, ecap), "ECAP.IRO puts the IOTLB registers upon others");
        }
        for (int at = faults; at < faultsEnd; at += 4) {
            refuse(taken(at, cap, ecap), "CAP.FRO puts fault records upon other registers");
        }
        refuse(
                iotlb < faultsEnd && faults < iotlb + 16,
                "CAP.FRO and ECAP.IRO put fault records upon the IOTLB registers");
    }

    private static boolean taken(int offset, long cap, long ecap) {
        Register register = Register.at(offset);
        return register != null && RegisterPresence.of(register, cap, ecap)
                || PerformanceLayout.contains(offset, ecap);
    }

    private static void needs(long ecap, Field feature, Field other) {
        refuse(
                feature.isSet(ecap) && !other.isSet(ecap),
                "ECAP." + feature.name() + " needs ECAP." + other.name());
    }

    private static void unimplemented(long register, Field feature, String reason) {
        refuse(
                feature.isSet(register),
                feature.name() + " is claimed, but not modelled: " + reason);
    }

    private static void refuse(boolean contradiction, String message) {
        if (contradiction) {
            throw new IllegalArgumentException(message);
        }
    }
}
