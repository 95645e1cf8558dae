package org.opensva.vtd.layout;

/**
 * What software can do with a register as a whole; single bits may allow less, see {@link
 * Register#writeMask()} and {@link Register#clearMask()}.
 *
 * <p>Source: the attribute names of the specification's chapter 11 (chapter 10 before revision
 * 4.0).
 */
public enum Access {
    /** Read-only: every write is ignored. */
    RO,
    /** Read and write. */
    RW,
    /** Some bits are cleared by writing 1 to them; the others are read-only. */
    RW1C,
    /** Write-only: reads return 0. */
    WO
}
