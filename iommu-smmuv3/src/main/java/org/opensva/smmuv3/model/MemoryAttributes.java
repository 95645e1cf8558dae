package org.opensva.smmuv3.model;

/**
 * Memory type, allocation hints and shareability of an access (chapter 13), in the encodings in
 * which they are read from tables and reported by SMMU_GATOS_PAR.
 *
 * <p>Emulated memory has one kind, so that a transaction does not ask what it got. Whoever does ask
 * has the tables walked; see {@link Translation#askForAttributes}.
 *
 * @param outer upper half of a MAIR attribute: 0 for Device, otherwise the outer cacheability and
 *     hints
 * @param inner lower half of a MAIR attribute: the Device type in bits 3:2, or the inner
 *     cacheability and hints
 * @param shareability 0 non-shareable, 2 outer, 3 inner
 */
record MemoryAttributes(int outer, int inner, int shareability) {

    /** Shareability 0. */
    static final int NON_SHAREABLE = 0;

    /** Shareability 2. */
    static final int OUTER_SHAREABLE = 2;

    private static final int NON_CACHEABLE = 0b0100;
    private static final int WRITE_BACK = 0b1111;
    private static final int WRITE_THROUGH = 0b1011;
    private static final int READ_ALLOCATE = 0b10;
    private static final int WRITE_ALLOCATE = 0b01;

    /** What stands for an attribute that a device does not supply (section 13.1.3). */
    static final MemoryAttributes SUPPLIED =
            new MemoryAttributes(WRITE_BACK, WRITE_BACK, NON_SHAREABLE);

    /** Takes care that what is output is consistent (section 13.1.7). */
    MemoryAttributes {
        if (outer == 0) {
            inner &= 0b1100;
        } else {
            outer = withoutIdleTransience(outer);
            inner = withoutIdleTransience(inner);
        }
        boolean shared = outer == 0 || outer == NON_CACHEABLE && inner == NON_CACHEABLE;
        // Encoding 1 is reserved and behaves as 0.
        shareability = shared ? OUTER_SHAREABLE : shareability == 1 ? 0 : shareability;
    }

    /** What allocates neither for reads nor for writes is not transient. */
    private static int withoutIdleTransience(int half) {
        if (half == NON_CACHEABLE || (half & (READ_ALLOCATE | WRITE_ALLOCATE)) != 0) {
            return half;
        }
        return half | 0b1000;
    }

    /**
     * Decodes an attribute of CD.MAIR (section 5.4), reserved encodings included.
     *
     * @param attribute one byte
     * @param sh shareability, two bits
     */
    static MemoryAttributes ofMair(int attribute, int sh) {
        int outer = attribute >> 4 & 0xf;
        int inner = attribute & 0xf;
        if (outer != 0 && inner == 0) {
            inner = READ_ALLOCATE | WRITE_ALLOCATE; // reserved: write-through, transient
        }
        return new MemoryAttributes(outer, inner, sh);
    }

    /**
     * Decodes MemAttr of a stage 2 descriptor, or of STE and SMMU_GBPA, which say nothing about
     * hints.
     *
     * @param encoded four bits
     * @param sh shareability, two bits
     */
    static MemoryAttributes ofStage2(int encoded, int sh) {
        int high = encoded >> 2 & 3;
        int low = encoded & 3;
        if (high == 0) {
            return new MemoryAttributes(0, low << 2, sh);
        }
        if (low == 0) {
            return new MemoryAttributes(0, 0, sh); // reserved: Device-nGnRnE (STE.MemAttr)
        }
        return new MemoryAttributes(cacheability(high), cacheability(low), sh);
    }

    private static int cacheability(int encoded) {
        return switch (encoded) {
            case 0b01 -> NON_CACHEABLE;
            case 0b10 -> WRITE_THROUGH;
            default -> WRITE_BACK;
        };
    }

    /** Whether this is any Device type. */
    boolean isDevice() {
        return outer == 0;
    }

    /** The attribute as CD.MAIR and SMMU_GATOS_PAR.ATTR encode it. */
    int mair() {
        return outer << 4 | inner;
    }

    /** Both as one: of each property the stronger (section 13.1.5). */
    MemoryAttributes combine(MemoryAttributes other) {
        int sh = strongerShareability(shareability, other.shareability);
        if (isDevice() || other.isDevice()) {
            int mine = isDevice() ? inner : 0b1100;
            int theirs = other.isDevice() ? other.inner : 0b1100;
            return new MemoryAttributes(0, Math.min(mine, theirs), sh);
        }
        return new MemoryAttributes(combine(outer, other.outer), combine(inner, other.inner), sh);
    }

    /**
     * Both as one where stage 2 replaces what stage 1 says (STE.S2FWB; HCR_EL2.FWB of the Arm
     * A-profile architecture).
     *
     * @param encoded MemAttr of the stage 2 descriptor
     * @param sh its shareability
     */
    MemoryAttributes forced(int encoded, int sh) {
        int stronger = strongerShareability(shareability, sh);
        if ((encoded & 0b0100) == 0) {
            int type = (encoded & 3) << 2;
            return new MemoryAttributes(0, isDevice() ? Math.min(inner, type) : type, stronger);
        }
        return switch (encoded & 3) {
            case 0b11 -> new MemoryAttributes(outer, inner, stronger);
            case 0b10 ->
                    new MemoryAttributes(
                            writeBack(isDevice() ? NON_CACHEABLE : outer),
                            writeBack(isDevice() ? NON_CACHEABLE : inner),
                            stronger);
            default -> isDevice() ? this : new MemoryAttributes(NON_CACHEABLE, NON_CACHEABLE, sh);
        };
    }

    /** Write-back with the hints that there are, or allocating if there are none. */
    private static int writeBack(int half) {
        return half == NON_CACHEABLE ? WRITE_BACK : half | 0b0100;
    }

    /**
     * The hints of stage 1 together with those of what comes in, where that has any (section
     * 13.4.2).
     */
    MemoryAttributes withHintsOf(MemoryAttributes incoming) {
        if (isDevice() || incoming.isDevice()) {
            return this;
        }
        return new MemoryAttributes(
                hints(outer, incoming.outer), hints(inner, incoming.inner), shareability);
    }

    private static int hints(int half, int incoming) {
        if (half == NON_CACHEABLE || incoming == NON_CACHEABLE) {
            return half;
        }
        return encode(isWriteBack(half), half & incoming & 3, isTransient(half, incoming));
    }

    /** Replaces the hints of cacheable types by those of an ALLOCCFG field, if it says so. */
    MemoryAttributes withAllocation(int field) {
        if ((field & 0b1000) == 0 || isDevice()) {
            return this;
        }
        int allocate = field >> 1 & 3;
        boolean brief = (field & 1) != 0;
        return new MemoryAttributes(
                outer == NON_CACHEABLE ? outer : encode(isWriteBack(outer), allocate, brief),
                inner == NON_CACHEABLE ? inner : encode(isWriteBack(inner), allocate, brief),
                shareability);
    }

    /** The same with another shareability, which only cacheable types have. */
    MemoryAttributes withShareability(int sh) {
        return new MemoryAttributes(outer, inner, sh);
    }

    private static int combine(int one, int other) {
        if (one == NON_CACHEABLE || other == NON_CACHEABLE) {
            return NON_CACHEABLE;
        }
        boolean both = isWriteBack(one) && isWriteBack(other);
        return encode(both, one & other & 3, isTransient(one, other));
    }

    private static boolean isWriteBack(int half) {
        return (half & 0b0100) != 0;
    }

    private static boolean isTransient(int one, int other) {
        return (one & other & 0b1000) == 0;
    }

    private static int encode(boolean writeBack, int allocate, boolean brief) {
        boolean lasting = !brief || allocate == 0; // a transient type must allocate
        return (lasting ? 0b1000 : 0) | (writeBack ? 0b0100 : 0) | allocate;
    }

    /** Outer before inner before non-shareable. */
    private static int strongerShareability(int one, int other) {
        if (one == OUTER_SHAREABLE || other == OUTER_SHAREABLE) {
            return OUTER_SHAREABLE;
        }
        return Math.max(one == 1 ? 0 : one, other == 1 ? 0 : other);
    }
}
