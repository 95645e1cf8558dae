package org.opensva.linux.doctor;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What the configuration space of a PCI function says about sharing address spaces ({@code
 * include/uapi/linux/pci_regs.h}; PCI Express Base Specification, sections on the ATS, Page Request
 * and PASID Extended Capabilities).
 *
 * @param readable false if only its beginning can be read, as for users without {@code
 *     CAP_SYS_ADMIN}
 * @param ats whether it has ATS, and whether that is enabled
 * @param pri the same for page requests
 * @param pasid the same for PASIDs
 * @param pasidBits how many bits its PASIDs have; 0 without them
 */
record PciCapabilities(boolean readable, State ats, State pri, State pasid, int pasidBits) {

    /** Whether the function has something, and whether it is switched on. */
    enum State {
        /** It has not. */
        ABSENT,
        /** It has, and nobody has enabled it. */
        OFF,
        /** It is enabled. */
        ON
    }

    private static final int EXTENDED = 0x100;
    private static final int SPACE = 0x1000;
    private static final int ID_ATS = 0x0f;
    private static final int ID_PRI = 0x13;
    private static final int ID_PASID = 0x1b;
    private static final int ATS_CONTROL = 6;
    private static final int ATS_ENABLE = 1 << 15;
    private static final int PRI_CONTROL = 4;
    private static final int PASID_CAPABILITY = 4;
    private static final int PASID_CONTROL = 6;
    private static final int PASID_WIDTH_SHIFT = 8;
    private static final int PASID_WIDTH = 0x1f;
    private static final int ENABLE = 1;

    /** Of a function that tells nothing. */
    private static final PciCapabilities UNKNOWN =
            new PciCapabilities(false, State.ABSENT, State.ABSENT, State.ABSENT, 0);

    /** Reads the configuration space of a function. */
    static PciCapabilities of(Path config) {
        try (InputStream in = Files.newInputStream(config)) {
            return of(in.readNBytes(SPACE));
        } catch (IOException e) {
            return UNKNOWN;
        }
    }

    /**
     * Follows the chain of extended capabilities.
     *
     * @param bytes as many as could be read
     * @return what they say; a chain that leads nowhere or in a circle ends there
     */
    static PciCapabilities of(byte[] bytes) {
        if (bytes.length <= EXTENDED) {
            return UNKNOWN;
        }
        ByteBuffer space = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        State ats = State.ABSENT;
        State pri = State.ABSENT;
        State pasid = State.ABSENT;
        int bits = 0;
        int at = EXTENDED;
        for (int steps = 0; steps < SPACE / 4; steps++) {
            if (at < EXTENDED || (at & 3) != 0 || at + 8 > bytes.length) {
                break;
            }
            int header = space.getInt(at);
            switch (header & 0xffff) {
                case ID_ATS -> ats = state(space.getShort(at + ATS_CONTROL), ATS_ENABLE);
                case ID_PRI -> pri = state(space.getShort(at + PRI_CONTROL), ENABLE);
                case ID_PASID -> {
                    pasid = state(space.getShort(at + PASID_CONTROL), ENABLE);
                    bits = space.getShort(at + PASID_CAPABILITY) >> PASID_WIDTH_SHIFT & PASID_WIDTH;
                }
                default -> {}
            }
            at = header >>> 20;
        }
        return new PciCapabilities(true, ats, pri, pasid, bits);
    }

    private static State state(int control, int enable) {
        return (control & enable) != 0 ? State.ON : State.OFF;
    }

    /** The capabilities as one line. */
    String line() {
        if (!readable) {
            return "its extended configuration space can be read by root only";
        }
        List<String> parts = new ArrayList<>();
        parts.add("ATS " + text(ats));
        parts.add("PRI " + text(pri));
        parts.add("PASID " + text(pasid) + (pasidBits > 0 ? " (" + pasidBits + " bits)" : ""));
        return String.join(", ", parts);
    }

    private static String text(State state) {
        return switch (state) {
            case ABSENT -> "absent";
            case OFF -> "not enabled";
            case ON -> "enabled";
        };
    }
}
