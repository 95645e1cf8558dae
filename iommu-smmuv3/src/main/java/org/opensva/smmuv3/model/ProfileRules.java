package org.opensva.smmuv3.model;

import org.opensva.smmuv3.layout.AddressSize;
import org.opensva.smmuv3.layout.CounterGroupRegisters.Cfgr;
import org.opensva.smmuv3.layout.Field;
import org.opensva.smmuv3.layout.IdRegisters.Aidr;
import org.opensva.smmuv3.layout.IdRegisters.Idr0;
import org.opensva.smmuv3.layout.IdRegisters.Idr1;
import org.opensva.smmuv3.layout.IdRegisters.Idr3;
import org.opensva.smmuv3.layout.IdRegisters.Idr5;
import org.opensva.smmuv3.layout.Structure;

import java.util.List;
import java.util.Set;

/**
 * What identification registers may claim: what the architecture lets them claim together (sections
 * 6.3.1 to 6.3.8), and of that what the model does. Every complaint names the field.
 */
final class ProfileRules {

    private static final Set<Integer> COUNTER_SIZES = Set.of(31, 35, 39, 43, 47, 63);

    private final long idr0;
    private final long idr1;
    private final long idr3;
    private final long idr5;

    ProfileRules(long idr0, long idr1, long idr3, long idr5) {
        this.idr0 = idr0;
        this.idr1 = idr1;
        this.idr3 = idr3;
        this.idr5 = idr5;
    }

    /**
     * Refuses what the model does not do. Implementations that exist claim some fields that the
     * architecture calls RES0 for them; such a claim asks for nothing, and is let through here.
     *
     * @throws IllegalArgumentException with one line that names the field
     */
    void checkBehaviour() {
        values();
        needs(0, Idr0.PRI, Idr0.ATS.isSet(idr0), "needs IDR0.ATS");
        behaviour();
    }

    /**
     * Refuses performance counters that cannot be.
     *
     * @param cfgr SMMU_PMCG_CFGR, or 0 if there are none
     * @throws IllegalArgumentException with one line that names the field
     */
    static void checkCounters(long cfgr) {
        reserved(Cfgr.STRUCTURE, cfgr);
        if (cfgr != 0 && !COUNTER_SIZES.contains((int) Cfgr.SIZE.get(cfgr))) {
            throw refused(
                    "PMCG_CFGR.SIZE",
                    "is " + Cfgr.SIZE.get(cfgr) + ", must be 31, 35, 39, 43, 47 or 63");
        }
        for (Field field : List.of(Cfgr.MPAM, Cfgr.FILTER_PARTID_PMG)) {
            if (field.isSet(cfgr)) {
                throw refused(
                        "PMCG_CFGR." + field.name(),
                        "is claimed, but the model does not implement it");
            }
        }
    }

    /**
     * Refuses claims that contradict each other, and reserved bits.
     *
     * @throws IllegalArgumentException with one line that names the field
     */
    void checkSense(long iidr, long aidr) {
        reservedBits(iidr, aidr);
        atMost("AIDR.ArchMajorRev", Aidr.ARCHMAJORREV.get(aidr), 0);
        atMost("AIDR.ArchMinorRev", Aidr.ARCHMINORREV.get(aidr), 4);
        contradictions();
    }

    private void reservedBits(long iidr, long aidr) {
        reserved(Idr0.STRUCTURE, idr0);
        reserved(Idr1.STRUCTURE, idr1);
        reserved(Idr3.STRUCTURE, idr3);
        reserved(Idr5.STRUCTURE, idr5);
        reserved(Aidr.STRUCTURE, aidr);
        if (iidr >>> 32 != 0) {
            throw refused("IIDR", "has 32 bits");
        }
    }

    private static void reserved(Structure register, long value) {
        long extra = value & ~register.definedBits(0);
        if (extra != 0) {
            throw refused(
                    register.name().substring("SMMU_".length()),
                    "bit " + Long.numberOfTrailingZeros(extra) + " is reserved");
        }
    }

    private void values() {
        if (Idr0.TTF.get(idr0) != 2) {
            throw refused("IDR0.TTF", "must be 2, VMSAv8-64 tables only");
        }
        if (Idr0.TTENDIAN.get(idr0) != 2) {
            throw refused("IDR0.TTENDIAN", "must be 2, little-endian tables only");
        }
        atMost("IDR0.STALL_MODEL", Idr0.STALL_MODEL.get(idr0), 1);
        atMost("IDR0.ST_LEVEL", Idr0.ST_LEVEL.get(idr0), 1);
        atMost("IDR0.HTTU", Idr0.HTTU.get(idr0), 2);
        atMost("IDR1.SIDSIZE", Idr1.SIDSIZE.get(idr1), 32);
        atMost("IDR1.SSIDSIZE", Idr1.SSIDSIZE.get(idr1), 20);
        atMost("IDR1.CMDQS", Idr1.CMDQS.get(idr1), 19);
        atMost("IDR1.EVENTQS", Idr1.EVENTQS.get(idr1), 19);
        atMost("IDR1.PRIQS", Idr1.PRIQS.get(idr1), 19);
        atMost("IDR3.BBML", Idr3.BBML.get(idr3), 2);
        atMost("IDR5.VAX", Idr5.VAX.get(idr5), 1);
        if (AddressSize.bits((int) Idr5.OAS.get(idr5)) > 52) {
            throw refused("IDR5.OAS", "is at most 6, which is 52 bits");
        }
    }

    private void contradictions() {
        boolean stage1 = Idr0.S1P.isSet(idr0);
        boolean stage2 = Idr0.S2P.isSet(idr0);
        boolean ats = Idr0.ATS.isSet(idr0);
        boolean substreams = Idr1.SSIDSIZE.isSet(idr1);
        needs(0, Idr0.S1P, stage1 || stage2, "or IDR0.S2P must be 1: no stage is claimed", false);
        needs(0, Idr0.ATSRECERR, ats, "needs IDR0.ATS");
        needs(0, Idr0.NS1ATS, ats && stage1 && stage2, "needs IDR0.ATS, IDR0.S1P and IDR0.S2P");
        needs(0, Idr0.HYP, stage1 && stage2, "needs IDR0.S1P and IDR0.S2P");
        needs(0, Idr0.VMW, stage2, "needs IDR0.S2P");
        needs(
                0,
                Idr0.VATOS,
                Idr0.ATOS.isSet(idr0) && stage1 && stage2,
                "needs IDR0.ATOS, IDR0.S1P and IDR0.S2P");
        if (Idr1.SIDSIZE.get(idr1) >= 7 && Idr0.ST_LEVEL.get(idr0) == 0) {
            throw refused("IDR0.ST_LEVEL", "is 0, but IDR1.SIDSIZE of 7 or more needs two levels");
        }
        boolean preset = Idr1.TABLES_PRESET.isSet(idr1) || Idr1.QUEUES_PRESET.isSet(idr1);
        needs(1, Idr1.REL, preset, "needs IDR1.TABLES_PRESET or IDR1.QUEUES_PRESET");
        needs(
                1,
                Idr1.ECMDQ,
                Idr0.COHACC.isSet(idr0) && Idr0.MSI.isSet(idr0) && !Idr1.QUEUES_PRESET.isSet(idr1),
                "needs IDR0.COHACC and IDR0.MSI, and no IDR1.QUEUES_PRESET");
        needs(3, Idr3.HAD, stage1, "needs IDR0.S1P");
        needs(3, Idr3.PBHA, Idr3.HAD.isSet(idr3), "needs IDR3.HAD");
        boolean pasidAnswers = Idr0.PRI.isSet(idr0) && substreams;
        needs(3, Idr3.PPS, pasidAnswers, "needs IDR0.PRI and IDR1.SSIDSIZE");
        needs(3, Idr3.PTWNNC, stage2, "needs IDR0.S2P");
        needs(3, Idr3.DPT, ats, "needs IDR0.ATS");
        needs(3, Idr3.PASIDTT, ats && substreams, "needs IDR0.ATS and IDR1.SSIDSIZE");
        needs(3, Idr3.S1PI, stage1, "needs IDR0.S1P");
        needs(3, Idr3.S2PI, stage2, "needs IDR0.S2P");
        needs(3, Idr3.S2PO, Idr3.S2PI.isSet(idr3), "needs IDR3.S2PI");
        boolean hardening = stage1 && (!stage2 || Idr3.S2PI.isSet(idr3));
        needs(3, Idr3.THE, hardening, "needs IDR0.S1P, and with IDR0.S2P also IDR3.S2PI");
        needs(3, Idr3.MTEPERM, stage2, "needs IDR0.S2P");
        needs(3, Idr3.AIE, stage1, "needs IDR0.S1P");
        addresses();
        boolean stalls = Idr0.STALL_MODEL.get(idr0) != 1;
        needs(5, Idr5.STALL_MAX, stalls, "is RES0 where IDR0.STALL_MODEL is 1");
        if (stalls && !Idr5.STALL_MAX.isSet(idr5)) {
            throw refused("IDR5.STALL_MAX", "is 0, but IDR0.STALL_MODEL claims stalls");
        }
    }

    private void addresses() {
        boolean small = Idr5.GRAN4K.isSet(idr5) || Idr5.GRAN16K.isSet(idr5);
        boolean large = Idr5.GRAN64K.isSet(idr5);
        if (!small && !large) {
            throw refused("IDR5.GRAN4K", "or another granule must be claimed");
        }
        boolean ds = Idr5.DS.isSet(idr5);
        boolean extended = Idr5.VAX.get(idr5) > 0;
        needs(5, Idr5.DS, small && extended, "needs IDR5.VAX, and IDR5.GRAN4K or IDR5.GRAN16K");
        needs(5, Idr5.VAX, large || ds, "needs IDR5.GRAN64K or IDR5.DS");
        if (Idr5.OAS.get(idr5) == AddressSize.BITS_52 && !large && !ds) {
            throw refused("IDR5.OAS", "of 52 bits needs IDR5.GRAN64K or IDR5.DS");
        }
    }

    /** Refuses what the architecture allows and the model does not do. */
    private void behaviour() {
        refuse(0, idr0, Idr0.DORMHINT, Idr0.SEV, Idr0.VMW);
        refuse(0, idr0, Idr0.VATOS, Idr0.RME_IMPL);
        refuse(1, idr1, Idr1.REL, Idr1.QUEUES_PRESET, Idr1.TABLES_PRESET);
        refuse(1, idr1, Idr1.ECMDQ);
        refuse(
                3,
                idr3,
                Idr3.PBHA,
                Idr3.MPAM,
                Idr3.DPT,
                Idr3.PASIDTT,
                Idr3.S1PI,
                Idr3.S2PI,
                Idr3.S2PO);
        refuse(3, idr3, Idr3.THE, Idr3.MTEPERM, Idr3.AIE);
        refuse(5, idr5, Idr5.D128);
    }

    private static void atMost(String field, long value, long greatest) {
        if (value > greatest) {
            throw refused(field, "is " + value + ", must be at most " + greatest);
        }
    }

    private void needs(int register, Field field, boolean condition, String needed) {
        needs(register, field, condition, needed, true);
    }

    private void needs(int register, Field field, boolean holds, String needed, boolean ifClaimed) {
        if (!holds && (!ifClaimed || field.isSet(word(register)))) {
            throw refused(name(register, field), needed);
        }
    }

    private long word(int register) {
        return switch (register) {
            case 0 -> idr0;
            case 1 -> idr1;
            case 3 -> idr3;
            default -> idr5;
        };
    }

    private static void refuse(int register, long value, Field... fields) {
        for (Field field : fields) {
            if (field.isSet(value)) {
                throw refused(
                        name(register, field), "is claimed, but the model does not implement it");
            }
        }
    }

    private static String name(int register, Field field) {
        return "IDR" + register + "." + field.name();
    }

    private static IllegalArgumentException refused(String field, String why) {
        return new IllegalArgumentException(field + " " + why);
    }
}
