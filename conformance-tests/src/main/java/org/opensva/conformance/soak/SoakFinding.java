package org.opensva.conformance.soak;

/**
 * What a soak found.
 *
 * @param machine on which machine, from 1
 * @param epoch in which epoch of it, from 1; 0 for what shows only when the machine is closed
 * @param seed the seed of that epoch
 * @param what what is wrong, in one line
 * @param during what had been done in the epoch, in one line; empty if that says nothing
 */
public record SoakFinding(int machine, int epoch, long seed, String what, String during) {

    /**
     * The finding in one line.
     *
     * @return text without a line break
     */
    public String summary() {
        String where =
                epoch == 0
                        ? "closing machine %d".formatted(machine)
                        : "machine %d, epoch %d (seed 0x%x)".formatted(machine, epoch, seed);
        return where + ": " + what + (during.isEmpty() ? "" : "; done before: " + during);
    }
}
