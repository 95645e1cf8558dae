package org.opensva.vtd.model;

import org.opensva.vtd.layout.AddressWidth;
import org.opensva.vtd.layout.ContextEntry;
import org.opensva.vtd.layout.PagingLevel;
import org.opensva.vtd.layout.PasidTableEntry;

/**
 * How addresses are translated: what a context entry of legacy mode, or a PASID table entry, says
 * once it has passed every check. Belongs to a lane, for one request after the other.
 */
final class Regime extends ConfigurationEntry {

    /** The kinds of translation; the order is that of PGTT. */
    enum Kind {
        FIRST_STAGE,
        SECOND_STAGE,
        NESTED,
        PASS_THROUGH
    }

    /** How many bits a PASID has. */
    static final int PASID_BITS = 20;

    private Kind kind = Kind.PASS_THROUGH;
    private boolean scalable;
    private int domain;
    private boolean faultsDisabled;
    private long firstTable;
    private long secondTable;
    private int firstLevels;
    private int secondLevels;
    private int secondBits;
    private boolean secondFlags;
    private boolean walkSnoops;
    private boolean pageSnoops;

    /** Takes a legacy context entry that passed the checks. */
    Regime ofContext(DeviceContext context, int mgaw) {
        w0 = context.w0;
        w1 = context.w1;
        w2 = 0;
        boolean passThrough = context.translationType() == ContextEntry.TT_PASS_THROUGH;
        int domainId = ContextEntry.domainId(w1);
        tag = CacheTag.ofFirstStage(domainId, 0);
        decode(
                passThrough ? Kind.PASS_THROUGH : Kind.SECOND_STAGE,
                false,
                domainId,
                ContextEntry.faultsDisabled(w0),
                ContextEntry.addressWidth(w1),
                mgaw);
        return this;
    }

    /**
     * Takes the words 0 to 2 of a PASID table entry that passed the checks.
     *
     * @param disabled whether the directory entry disables fault processing
     */
    Regime ofPasid(int pasid, boolean disabled, long low, long middle, long high, int mgaw) {
        tag = CacheTag.ofFirstStage(PasidTableEntry.domainId(middle), pasid);
        w0 = disabled ? low | PasidTableEntry.FPD.mask() : low;
        w1 = middle;
        w2 = high;
        return ofPasid(mgaw);
    }

    /** Reads what has been found in the PASID cache. */
    Regime ofPasid(int mgaw) {
        Kind found =
                switch (PasidTableEntry.translationType(w0)) {
                    case PasidTableEntry.PGTT_FIRST_STAGE -> Kind.FIRST_STAGE;
                    case PasidTableEntry.PGTT_SECOND_STAGE -> Kind.SECOND_STAGE;
                    case PasidTableEntry.PGTT_NESTED -> Kind.NESTED;
                    default -> Kind.PASS_THROUGH;
                };
        decode(
                found,
                true,
                PasidTableEntry.domainId(w1),
                PasidTableEntry.faultsDisabled(w0),
                PasidTableEntry.addressWidth(w0),
                mgaw);
        return this;
    }

    private void decode(
            Kind found, boolean ofPasid, int domainId, boolean disabled, int aw, int mgaw) {
        kind = found;
        scalable = ofPasid;
        domain = domainId;
        faultsDisabled = disabled;
        // SSPTPTR stands at the same bits in both entries.
        secondTable = PasidTableEntry.secondStageTable(w0);
        secondLevels = AddressWidth.levels(aw);
        secondBits = Math.min(mgaw, AddressWidth.bits(aw));
        firstTable = PasidTableEntry.firstStageTable(w2);
        firstLevels = PasidTableEntry.firstStageLevels(w2);
        secondFlags = ofPasid && PasidTableEntry.secondStageAccessDirty(w0);
        walkSnoops = ofPasid && PasidTableEntry.walkSnoops(w1);
        pageSnoops = ofPasid && PasidTableEntry.PGSNP.isSet(w1);
    }

    /** What a PASID table entry is cached under. */
    static long key(int source, int pasid) {
        return (long) source << PASID_BITS | pasid;
    }

    /**
     * How many bits the first-stage addresses of the lower half have, which are all canonical.
     *
     * @param w2 word 2 of the PASID table entry
     */
    static int lowerHalfBits(long w2) {
        return PagingLevel.shift(PasidTableEntry.firstStageLevels(w2) + 1) - 1;
    }

    Kind kind() {
        return kind;
    }

    /** Whether faults are those of scalable mode. */
    boolean scalable() {
        return scalable;
    }

    int domain() {
        return domain;
    }

    /** FPD of the entry, and of the directory entry on the way to it. */
    boolean faultsDisabled() {
        return faultsDisabled;
    }

    /** FSPTPTR; with nesting a guest physical address. */
    long firstTable() {
        return firstTable;
    }

    int firstLevels() {
        return firstLevels;
    }

    /** SSPTPTR. */
    long secondTable() {
        return secondTable;
    }

    int secondLevels() {
        return secondLevels;
    }

    /** The width of second-stage input addresses: the smaller of AW and MGAW. */
    int secondBits() {
        return secondBits;
    }

    boolean hasFirstStage() {
        return kind == Kind.FIRST_STAGE || kind == Kind.NESTED;
    }

    boolean nested() {
        return kind == Kind.NESTED;
    }

    boolean writeProtect() {
        return PasidTableEntry.writeProtect(w2);
    }

    boolean extendedAccessed() {
        return PasidTableEntry.extendedAccessed(w2);
    }

    boolean supervisorEnabled() {
        return PasidTableEntry.supervisorEnabled(w2);
    }

    /** ERE: requests for execute permission are served; part of ECAP.ERS. */
    boolean executeEnabled() {
        return PasidTableEntry.ERE.isSet(w2);
    }

    /** SMEP: a supervisor does not execute the pages of users; part of ECAP.ERS. */
    boolean supervisorExecutePrevention() {
        return PasidTableEntry.SMEP.isSet(w2);
    }

    /** SSADE. */
    boolean secondStageFlags() {
        return secondFlags;
    }

    /** PWSNP. */
    boolean walkSnoops() {
        return walkSnoops;
    }

    /** PGSNP. */
    boolean pageSnoops() {
        return pageSnoops;
    }

    /** The tag of first-stage and nested translations: domain and PASID. */
    long firstTag() {
        return tag;
    }

    /** The tag of second-stage translations: the domain. */
    long secondTag() {
        return CacheTag.ofSecondStage(domain);
    }
}
