package org.opensva.ats.config;

/**
 * What a function has, as its capability registers show it.
 *
 * @param pasidBits Max PASID Width, 1 to 20; 0 if it has no PASID capability
 * @param ats true if it has an ATS capability
 * @param pri true if it has a Page Request capability
 * @param invalidateQueueDepth how many Invalidate Requests it accepts at once, 1 to 32
 * @param outstandingPageRequests how many Page Requests it can have outstanding
 */
public record FunctionFeatures(
        int pasidBits,
        boolean ats,
        boolean pri,
        int invalidateQueueDepth,
        int outstandingPageRequests) {}
