package org.opensva.conformance.suite.parts;

import org.opensva.api.backend.Capability;
import org.opensva.conformance.suite.bench.TestBench;

/**
 * What a device of the suite can do.
 *
 * @param ats true if it takes part in ATS
 * @param pri true if it makes page requests
 * @param stall true if its transactions may stall
 * @param invalidationsNeeded how often it has to be sent an invalidate request
 */
public record ProbeTraits(boolean ats, boolean pri, boolean stall, int invalidationsNeeded) {

    /** A device that can do nothing but access memory. */
    public static final ProbeTraits PLAIN = new ProbeTraits(false, false, false, 1);

    /** A device with an ATC. */
    public static final ProbeTraits ATS = new ProbeTraits(true, false, false, 1);

    /** A device with an ATC that makes page requests. */
    public static final ProbeTraits PRI = new ProbeTraits(true, true, false, 1);

    /** A device whose transactions may stall. */
    public static final ProbeTraits STALL = new ProbeTraits(false, false, true, 1);

    /**
     * The device that is as able as the backend's own.
     *
     * @param bench the bench
     * @return with ATS, page requests and stalls where the backend claims them
     */
    public static ProbeTraits asClaimed(TestBench bench) {
        return new ProbeTraits(
                bench.claims(Capability.ATS),
                bench.claims(Capability.PRI),
                bench.claims(Capability.STALL),
                1);
    }

    /**
     * The same device, that obeys an invalidation only when it has come several times.
     *
     * @param times how often
     * @return the device's traits
     */
    public ProbeTraits obeyingThe(int times) {
        return new ProbeTraits(ats, pri, stall, times);
    }
}
