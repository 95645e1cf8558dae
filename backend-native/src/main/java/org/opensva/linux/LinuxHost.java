package org.opensva.linux;

import org.opensva.linux.abi.Architecture;
import org.opensva.linux.abi.SystemCalls;

/** This machine. */
public final class LinuxHost {

    private LinuxHost() {}

    /**
     * The kernel of this machine.
     *
     * @return its system calls
     * @throws org.opensva.api.backend.BackendException if this is not Linux on a known architecture
     */
    public static SystemCalls kernel() {
        return new SystemCalls(
                Architecture.host()
                        .orElseThrow(() ->
                                new org.opensva.api.backend.BackendException(
                                        "the native backend needs Linux on x86-64 or 64-bit Arm;"
                                                + " this is "
                                                + System.getProperty("os.name")
                                                + " on "
                                                + System.getProperty("os.arch"))));
    }
}
