package org.opensva.vtd.layout;

import java.util.List;

/**
 * The address and data of interrupt requests, which devices send as 4-byte writes to {@link #FIRST}
 * to {@link #LAST}.
 *
 * <p>Source: sections 5.1.2.1 and 5.1.2.2; positions of the remappable format as in VirtualBox
 * {@code iommu-intel.h}, of the compatibility format as in the Intel SDM, volume 3, "Message
 * Signalled Interrupts", and Linux {@code arch/x86/include/asm/msi.h}.
 */
public final class InterruptMessage {
    private InterruptMessage() {}

    /** The first address of interrupt requests. */
    public static final long FIRST = 0xfee0_0000L;

    /** The last address of interrupt requests. */
    public static final long LAST = 0xfeef_ffffL;

    /**
     * Whether an address is one of interrupt requests.
     *
     * @param address a byte address
     * @return true between {@link #FIRST} and {@link #LAST}
     */
    public static boolean isInterrupt(long address) {
        return address >>> 20 == FIRST >>> 20;
    }

    /**
     * Whether a request has the remappable format.
     *
     * @param address its address
     * @return the Format bit
     */
    public static boolean isRemappable(long address) {
        return RemappableAddress.FORMAT.isSet(address);
    }

    /**
     * The interrupt index of a remappable request: the handle, plus the subhandle if SHV is set.
     *
     * @param address its address
     * @param data its data
     * @return 0 to 131070
     */
    public static int index(long address, int data) {
        long handle =
                RemappableAddress.HANDLE_HIGH.get(address) << 15
                        | RemappableAddress.HANDLE_LOW.get(address);
        return (int)
                (RemappableAddress.SHV.isSet(address)
                        ? handle + RemappableData.SUBHANDLE.get(data)
                        : handle);
    }

    /**
     * Composes the address of a remappable request.
     *
     * @param handle 0 to 65535
     * @param subhandleValid whether the data holds a subhandle
     * @return the address
     */
    public static long remappableAddress(int handle, boolean subhandleValid) {
        return FIRST
                | RemappableAddress.FORMAT.mask()
                | RemappableAddress.HANDLE_LOW.place(handle)
                | RemappableAddress.HANDLE_HIGH.place(handle >>> 15)
                | (subhandleValid ? RemappableAddress.SHV.mask() : 0);
    }

    /**
     * Composes the address of a compatibility request.
     *
     * @param destination destination id, 0 to 255
     * @param logical destination mode
     * @param redirectionHint redirection hint
     * @return the address
     */
    public static long compatibilityAddress(
            int destination, boolean logical, boolean redirectionHint) {
        return FIRST
                | CompatibilityAddress.DST.place(destination)
                | (logical ? CompatibilityAddress.DM.mask() : 0)
                | (redirectionHint ? CompatibilityAddress.RH.mask() : 0);
    }

    /** Address of a remappable request. Bits [1:0] are not looked at. */
    public static final class RemappableAddress {
        /** Handle bit 15. */
        public static final Field HANDLE_HIGH = new Field("Handle_15", 0, 2, 1);

        /** The data holds a subhandle. */
        public static final Field SHV = new Field("SHV", 0, 3, 1);

        /** 1. */
        public static final Field FORMAT = new Field("Format", 0, 4, 1);

        /** Handle bits [14:0]. */
        public static final Field HANDLE_LOW = new Field("Handle_14_0", 0, 5, 15);

        /** 0xfee. */
        public static final Field BASE = new Field("Base", 0, 20, 12);

        /** Every field of this structure. */
        public static final Structure STRUCTURE =
                new Structure(
                        "Remappable address",
                        "5.1.2.2",
                        1,
                        List.of(HANDLE_HIGH, SHV, FORMAT, HANDLE_LOW, BASE),
                        List.of());

        private RemappableAddress() {}
    }

    /** Data of a remappable request. */
    public static final class RemappableData {
        /** Added to the handle if SHV is set; the upper half of the data is reserved then. */
        public static final Field SUBHANDLE = new Field("Subhandle", 0, 0, 16);

        /** Every field of this structure. */
        public static final Structure STRUCTURE =
                new Structure("Remappable data", "5.1.2.2", 1, List.of(SUBHANDLE), List.of());

        private RemappableData() {}
    }

    /** Address of a compatibility request. */
    public static final class CompatibilityAddress {
        /** Destination mode. */
        public static final Field DM = new Field("DM", 0, 2, 1);

        /** Redirection hint. */
        public static final Field RH = new Field("RH", 0, 3, 1);

        /** 0. */
        public static final Field FORMAT = new Field("Format", 0, 4, 1);

        /** Destination id. */
        public static final Field DST = new Field("DST", 0, 12, 8);

        /** 0xfee. */
        public static final Field BASE = new Field("Base", 0, 20, 12);

        /** Every field of this structure. */
        public static final Structure STRUCTURE =
                new Structure(
                        "Compatibility address",
                        "5.1.2.1",
                        1,
                        List.of(DM, RH, FORMAT, DST, BASE),
                        List.of());

        private CompatibilityAddress() {}
    }

    /** Data of a compatibility request. */
    public static final class CompatibilityData {
        /** Vector. */
        public static final Field V = new Field("V", 0, 0, 8);

        /** Delivery mode; see {@link RemappedInterruptEntry}. */
        public static final Field DLM = new Field("DLM", 0, 8, 3);

        /** Level: 0 deassert, 1 assert. */
        public static final Field LEVEL = new Field("Level", 0, 14, 1);

        /** Trigger mode: 0 edge, 1 level. */
        public static final Field TM = new Field("TM", 0, 15, 1);

        /** Every field of this structure. */
        public static final Structure STRUCTURE =
                new Structure(
                        "Compatibility data", "5.1.2.1", 1, List.of(V, DLM, LEVEL, TM), List.of());

        private CompatibilityData() {}
    }
}
