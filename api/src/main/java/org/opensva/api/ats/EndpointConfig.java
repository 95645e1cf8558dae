package org.opensva.api.ats;

import org.opensva.api.iommu.RequesterId;

/**
 * What a device function shall be able to do.
 *
 * @param name for messages, for example {@code zip-0}
 * @param requester who it is on the bus
 * @param pasidBits how many PASID bits it has, 0 to 20
 * @param ats true if it has an ATC
 * @param pri true if it can make page requests; needs {@code ats}
 * @param stall true if it tolerates stalled transactions
 * @param atcEntries capacity of the ATC, a power of two
 * @param invalidateQueueDepth how many Invalidate Requests it accepts at once, 1 to 32
 * @param outstandingPageRequests how many page requests it can have outstanding, 1 to 512
 */
public record EndpointConfig(
        String name,
        RequesterId requester,
        int pasidBits,
        boolean ats,
        boolean pri,
        boolean stall,
        int atcEntries,
        int invalidateQueueDepth,
        int outstandingPageRequests) {

    /** Checks the ranges. */
    public EndpointConfig {
        check(pasidBits >= 0 && pasidBits <= 20, "pasidBits", pasidBits, "0..20");
        check(
                atcEntries >= 1 && Integer.bitCount(atcEntries) == 1,
                "atcEntries",
                atcEntries,
                "a power of two");
        check(
                invalidateQueueDepth >= 1 && invalidateQueueDepth <= 32,
                "invalidateQueueDepth",
                invalidateQueueDepth,
                "1..32");
        check(
                outstandingPageRequests >= 1 && outstandingPageRequests <= 512,
                "outstandingPageRequests",
                outstandingPageRequests,
                "1..512");
        if (pri && !ats) {
            throw new IllegalArgumentException(
                    "pri needs ats: page requests follow failed translation requests");
        }
    }

    private static void check(boolean ok, String name, int value, String range) {
        if (!ok) {
            throw new IllegalArgumentException(name + " is " + value + ", allowed: " + range);
        }
    }
}
