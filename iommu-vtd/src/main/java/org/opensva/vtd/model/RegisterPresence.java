package org.opensva.vtd.model;

import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
import org.opensva.vtd.layout.Register;

/**
 * Which registers belong to claimed features; the others are reserved: they read as zero and ignore
 * writes (section 11.4).
 */
final class RegisterPresence {

    private RegisterPresence() {}

    /** Whether a register is there. */
    static boolean of(Register register, long cap, long ecap) {
        return switch (register) {
            case VER, CAP, ECAP, GCMD, GSTS, RTADDR, CCMD -> true;
            case FSTS, FECTL, FEDATA, FEADDR -> true;
            case FEUADDR -> Ecap.EIM.isSet(ecap);
            case AFLOG -> Cap.AFL.isSet(cap);
            case PMEN -> Cap.PLMR.isSet(cap) || Cap.PHMR.isSet(cap);
            case PLMBASE, PLMLIMIT -> Cap.PLMR.isSet(cap);
            case PHMBASE, PHMLIMIT -> Cap.PHMR.isSet(cap);
            case IQH, IQT, IQA, ICS, IECTL, IEDATA, IEADDR, IQERCD -> Ecap.QI.isSet(ecap);
            case IEUADDR -> Ecap.QI.isSet(ecap) && Ecap.EIM.isSet(ecap);
            case IRTA -> Ecap.IR.isSet(ecap);
            case PQH, PQT, PQA, PRS, PECTL, PEDATA, PEADDR -> Ecap.PRS.isSet(ecap);
            case PEUADDR -> Ecap.PRS.isSet(ecap) && Ecap.EIM.isSet(ecap);
            case PERFCAP, PERFCFGOFF, PERFFRZOFF, PERFOVFOFF, PERFCNTROFF -> Ecap.PMS.isSet(ecap);
            case PERFINTRSTS, PERFINTRCTL, PERFINTRDATA, PERFINTRADDR -> Ecap.PMS.isSet(ecap);
            case PERFINTRUADDR -> Ecap.PMS.isSet(ecap) && Ecap.EIM.isSet(ecap);
            case PERFEVNTCAP0 -> Ecap.PMS.isSet(ecap);
            case ECMD, ECEO, ECRSP, ECCAP0, ECCAP1, ECCAP2, ECCAP3 -> Cap.ECMDS.isSet(cap);
        };
    }
}
