package org.opensva.ats.config;

import static org.opensva.ats.config.Capabilities.*;

/**
 * The extended capabilities of a function in its configuration space, read and written as software
 * does: ATS at 0x100, Page Request and PASID after it, each only if the function has it.
 *
 * <p>The order of the switches is enforced: PASID can be switched only while ATS is off, Page
 * Request can be switched on only while ATS is on, and ATS can be switched off only while Page
 * Request is off (the behaviour of hardware is undefined otherwise: PCI Express Base 6.x section
 * 7.8.9.3, Linux {@code pci_enable_pasid} and {@code pci_enable_pri}). A write against the order
 * does not change the bit, and reading it back shows that.
 *
 * <p>Only aligned accesses of 2 or 4 bytes inside the capabilities mean anything; others read as
 * zeros, and writes are dropped.
 *
 * <p><b>Threading.</b> Any thread may call; accesses are ordered by the object.
 */
public final class ConfigurationSpace {

    private static final int NONE = 0;

    private final FunctionControls controls;
    private final int ats;
    private final int pri;
    private final int pasid;
    private final int end;
    private final int atsCapability;
    private final int pasidCapability;
    private final int priCapacity;

    private int atsControl;
    private int priControl;
    private int priAllocation;
    private int pasidControl;

    /**
     * Creates the registers, all switches off.
     *
     * @param features what the function has
     * @param controls what the registers control
     */
    public ConfigurationSpace(FunctionFeatures features, FunctionControls controls) {
        this.controls = controls;
        int next = FIRST;
        ats = features.ats() ? next : NONE;
        next += features.ats() ? ATS_SIZE : 0;
        pri = features.pri() ? next : NONE;
        next += features.pri() ? PRI_SIZE : 0;
        pasid = features.pasidBits() > 0 ? next : NONE;
        next += features.pasidBits() > 0 ? PASID_SIZE : 0;
        end = next;
        atsCapability =
                (features.invalidateQueueDepth() & ATS_CAP_QUEUE_DEPTH)
                        | ATS_CAP_PAGE_ALIGNED
                        | (features.pasidBits() > 0 ? ATS_CAP_GLOBAL_INVALIDATE : 0);
        pasidCapability =
                PASID_CAP_EXEC | PASID_CAP_PRIV | features.pasidBits() << PASID_CAP_WIDTH_SHIFT;
        priCapacity = features.outstandingPageRequests();
    }

    /**
     * Where a capability is.
     *
     * @param id a capability id
     * @return its offset in configuration space, 0 if the function does not have it
     */
    public int find(int id) {
        return switch (id) {
            case ATS_ID -> ats;
            case PRI_ID -> pri;
            case PASID_ID -> pasid;
            default -> NONE;
        };
    }

    /**
     * Reads 16 bits.
     *
     * @param offset offset in configuration space, a multiple of 2
     * @return the value, zero-extended
     */
    public synchronized int read16(int offset) {
        if ((offset & 1) != 0 || offset < FIRST || offset >= end) {
            return 0;
        }
        if (ats != NONE && offset < ats + ATS_SIZE) {
            return readAts(offset - ats);
        }
        if (pri != NONE && offset < pri + PRI_SIZE) {
            return readPri(offset - pri);
        }
        return readPasid(offset - pasid);
    }

    /**
     * Reads 32 bits.
     *
     * @param offset offset in configuration space, a multiple of 4
     * @return the value
     */
    public synchronized int read32(int offset) {
        return (offset & 3) != 0 ? 0 : read16(offset) | read16(offset + 2) << 16;
    }

    /**
     * Writes 16 bits.
     *
     * @param offset offset in configuration space, a multiple of 2
     * @param value the value; bits above 15 are ignored
     */
    public synchronized void write16(int offset, int value) {
        int bits = value & 0xffff;
        if (ats != NONE && offset == ats + ATS_CTRL) {
            writeAtsControl(bits);
        } else if (pri != NONE && offset == pri + PRI_CTRL) {
            writePriControl(bits);
        } else if (pri != NONE && offset == pri + PRI_STATUS) {
            controls.clearPriStatus(bits & (PRI_STATUS_RF | PRI_STATUS_UPRGI));
        } else if (pri != NONE && offset == pri + PRI_ALLOC_REQ) {
            writeAllocation((priAllocation & 0xffff0000) | bits);
        } else if (pri != NONE && offset == pri + PRI_ALLOC_REQ + 2) {
            writeAllocation((priAllocation & 0xffff) | bits << 16);
        } else if (pasid != NONE && offset == pasid + PASID_CTRL) {
            writePasidControl(bits);
        }
    }

    /**
     * Writes 32 bits.
     *
     * @param offset offset in configuration space, a multiple of 4
     * @param value the value
     */
    public synchronized void write32(int offset, int value) {
        if ((offset & 3) != 0) {
            return;
        }
        write16(offset, value);
        write16(offset + 2, value >>> 16);
    }

    private int header(int id, int next, int half) {
        return half == 0 ? id : 1 | (next < end ? next : 0) << 4;
    }

    private int readAts(int offset) {
        return switch (offset) {
            case 0, 2 -> header(ATS_ID, ats + ATS_SIZE, offset);
            case ATS_CAP -> atsCapability;
            default -> atsControl;
        };
    }

    private int readPri(int offset) {
        return switch (offset) {
            case 0, 2 -> header(PRI_ID, pri + PRI_SIZE, offset);
            case PRI_CTRL -> priControl;
            case PRI_STATUS -> controls.priStatus() | (pasid != NONE ? PRI_STATUS_PASID : 0);
            case PRI_MAX_REQ -> priCapacity & 0xffff;
            case PRI_MAX_REQ + 2 -> priCapacity >>> 16;
            case PRI_ALLOC_REQ -> priAllocation & 0xffff;
            default -> priAllocation >>> 16;
        };
    }

    private int readPasid(int offset) {
        return switch (offset) {
            case 0, 2 -> header(PASID_ID, pasid + PASID_SIZE, offset);
            case PASID_CAP -> pasidCapability;
            default -> pasidControl;
        };
    }

    private void writeAtsControl(int bits) {
        boolean was = (atsControl & ATS_CTRL_ENABLE) != 0;
        boolean wanted = (bits & ATS_CTRL_ENABLE) != 0;
        boolean now = wanted || (was && (priControl & PRI_CTRL_ENABLE) != 0);
        // The unit is fixed while ATS is on.
        int unit = (was ? atsControl : bits) & ATS_CTRL_STU;
        atsControl = unit | (now ? ATS_CTRL_ENABLE : 0);
        if (now != was) {
            controls.atsSwitched(now);
        }
    }

    private void writePriControl(int bits) {
        boolean was = (priControl & PRI_CTRL_ENABLE) != 0;
        boolean wanted = (bits & PRI_CTRL_ENABLE) != 0;
        boolean possible = (atsControl & ATS_CTRL_ENABLE) != 0 && priAllocation != 0;
        boolean now = wanted && (was || possible);
        priControl = now ? PRI_CTRL_ENABLE : 0;
        if (now != was) {
            controls.priSwitched(now, priAllocation);
        }
        if (!now && (bits & PRI_CTRL_RESET) != 0) {
            controls.priReset();
        }
    }

    /**
     * Software writes it while the interface is off; the function has no more than its capacity.
     */
    private void writeAllocation(int value) {
        if ((priControl & PRI_CTRL_ENABLE) == 0) {
            priAllocation = Integer.compareUnsigned(value, priCapacity) > 0 ? priCapacity : value;
        }
    }

    private void writePasidControl(int bits) {
        if ((atsControl & ATS_CTRL_ENABLE) != 0) {
            return;
        }
        int was = pasidControl;
        pasidControl = bits & (PASID_CTRL_ENABLE | PASID_CTRL_EXEC | PASID_CTRL_PRIV);
        if (pasidControl != was) {
            controls.pasidSwitched(
                    (pasidControl & PASID_CTRL_ENABLE) != 0,
                    (pasidControl & PASID_CTRL_EXEC) != 0,
                    (pasidControl & PASID_CTRL_PRIV) != 0);
        }
    }
}
