package org.opensva.vtd.model;

import org.opensva.vtd.layout.AddressWidth;
import org.opensva.vtd.layout.ContextEntry;
import org.opensva.vtd.layout.PagingLevel;
import org.opensva.vtd.layout.PasidTableEntry;

/**
 * How addresses are translated: what a context entry of legacy mode, or a PASID table entry, says
 * once it has passed every check.
 */
final class Regime extends ConfigurationEntry {

    /** The kinds of translation; the order is that of PGTT. */
    enum Kind {
        FIRST_STAGE,
        SECOND_STAGE,
        NESTED,
        PASS_THROUGH
    }

    private final Kind kind;
    private final boolean scalable;
    private final int domain;
    private final boolean faultsDisabled;
    private final long firstTable;
    private final long secondTable;
    private final int firstLevels;
    private final int lowerHalfBits;
    private final int secondLevels;
    private final int secondBits;
    private final long flags;
    private final boolean secondFlags;
    private final boolean walkSnoops;
    private final boolean pageSnoops;
    private final long secondTag;

    private Regime(
            long key,
            Kind kind,
            boolean scalable,
            int domain,
            boolean faultsDisabled,
            int pasid,
            long w0,
            long w1,
            long w2,
            int aw,
            int mgaw) {
        super(key, CacheTag.ofFirstStage(domain, pasid));
        this.kind = kind;
        this.scalable = scalable;
        this.domain = domain;
        this.faultsDisabled = faultsDisabled;
        // SSPTPTR stands at the same bits in both entries.
        secondTable = PasidTableEntry.secondStageTable(w0);
        secondLevels = AddressWidth.levels(aw);
        secondBits = Math.min(mgaw, AddressWidth.bits(aw));
        firstTable = PasidTableEntry.firstStageTable(w2);
        firstLevels = PasidTableEntry.firstStageLevels(w2);
        lowerHalfBits = PagingLevel.shift(firstLevels + 1) - 1;
        flags = w2;
        secondFlags = scalable && PasidTableEntry.secondStageAccessDirty(w0);
        walkSnoops = scalable && PasidTableEntry.walkSnoops(w1);
        pageSnoops = scalable && PasidTableEntry.PGSNP.isSet(w1);
        secondTag = CacheTag.ofSecondStage(domain);
    }

    /** The regime of a legacy context entry that passed the checks. */
    static Regime ofContext(long w0, long w1, int mgaw) {
        boolean passThrough = ContextEntry.translationType(w0) == ContextEntry.TT_PASS_THROUGH;
        return new Regime(
                0,
                passThrough ? Kind.PASS_THROUGH : Kind.SECOND_STAGE,
                false,
                ContextEntry.domainId(w1),
                ContextEntry.faultsDisabled(w0),
                0,
                w0,
                0,
                0,
                ContextEntry.addressWidth(w1),
                mgaw);
    }

    /**
     * The regime of a PASID table entry that passed the checks.
     *
     * @param disabled whether the directory entry or this one disables fault processing
     */
    static Regime ofPasid(
            int source, int pasid, boolean disabled, long w0, long w1, long w2, int mgaw) {
        Kind kind =
                switch (PasidTableEntry.translationType(w0)) {
                    case PasidTableEntry.PGTT_FIRST_STAGE -> Kind.FIRST_STAGE;
                    case PasidTableEntry.PGTT_SECOND_STAGE -> Kind.SECOND_STAGE;
                    case PasidTableEntry.PGTT_NESTED -> Kind.NESTED;
                    default -> Kind.PASS_THROUGH;
                };
        return new Regime(
                key(source, pasid),
                kind,
                true,
                PasidTableEntry.domainId(w1),
                disabled,
                pasid,
                w0,
                w1,
                w2,
                PasidTableEntry.addressWidth(w0),
                mgaw);
    }

    /** What a PASID table entry is cached under. */
    static long key(int source, int pasid) {
        return (long) source << 20 | pasid;
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

    /** How many bits the first-stage addresses of the lower half have, which are all canonical. */
    int lowerHalfBits() {
        return lowerHalfBits;
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
        return PasidTableEntry.writeProtect(flags);
    }

    boolean extendedAccessed() {
        return PasidTableEntry.extendedAccessed(flags);
    }

    boolean supervisorEnabled() {
        return PasidTableEntry.supervisorEnabled(flags);
    }

    /** ERE: requests for execute permission are served; part of ECAP.ERS. */
    boolean executeEnabled() {
        return PasidTableEntry.ERE.isSet(flags);
    }

    /** SMEP: a supervisor does not execute the pages of users; part of ECAP.ERS. */
    boolean supervisorExecutePrevention() {
        return PasidTableEntry.SMEP.isSet(flags);
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
        return tag();
    }

    /** The tag of second-stage translations: the domain. */
    long secondTag() {
        return secondTag;
    }
}
