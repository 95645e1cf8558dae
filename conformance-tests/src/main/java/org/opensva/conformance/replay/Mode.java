package org.opensva.conformance.replay;

/** Which expectations of a recording count. */
public enum Mode {
    /** What the recorded implementation did. */
    ORACLE,
    /** What the architecture asks for, where the recording says that this is something else. */
    ARCHITECTURE
}
