package org.opensva.linux.abi;

import java.util.Optional;

/** The processor architectures whose system calls this module knows. */
public enum Architecture {
    /** x86-64, little-endian. */
    X86_64("amd64", 62),
    /** 64-bit Arm, little-endian. */
    AARCH64("aarch64", 183);

    private final String javaName;
    private final int elfMachine;

    Architecture(String javaName, int elfMachine) {
        this.javaName = javaName;
        this.elfMachine = elfMachine;
    }

    /**
     * The number of the architecture in ELF files ({@code include/uapi/linux/elf-em.h}).
     *
     * @return {@code EM_X86_64} or {@code EM_AARCH64}
     */
    public int elfMachine() {
        return elfMachine;
    }

    /**
     * The architecture of this Java machine.
     *
     * @return the architecture, or empty if this is not Linux or none of these
     */
    public static Optional<Architecture> host() {
        return of(System.getProperty("os.name", ""), System.getProperty("os.arch", ""));
    }

    static Optional<Architecture> of(String system, String processor) {
        for (Architecture candidate : values()) {
            if (system.equals("Linux") && processor.equals(candidate.javaName)) {
                return Optional.of(candidate);
            }
        }
        return Optional.empty();
    }
}
