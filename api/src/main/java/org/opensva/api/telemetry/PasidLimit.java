package org.opensva.api.telemetry;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Decides which PASIDs get metric series of their own: none unless asked for, and never more than a
 * limit. What comes later shares one series ({@link SvaAttributes#OVERFLOW}).
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class PasidLimit {

    /** No series by PASID. */
    public static final PasidLimit OFF = new PasidLimit(0);

    private final int limit;
    private final Set<Integer> admitted = ConcurrentHashMap.newKeySet();

    /**
     * Creates a limit that nobody has come to yet.
     *
     * @param limit how many PASIDs get series; 0 for no series by PASID
     * @throws IllegalArgumentException if it is negative
     */
    public PasidLimit(int limit) {
        if (limit < 0) {
            throw new IllegalArgumentException("a limit is 0 or more, not " + limit);
        }
        this.limit = limit;
    }

    /**
     * Tells whether series are by PASID.
     *
     * @return false for a limit of 0
     */
    public boolean isOn() {
        return limit > 0;
    }

    /**
     * Admits a PASID if there is room.
     *
     * @param pasid a PASID
     * @return true if it has series of its own, the same for the same PASID from now on
     */
    public boolean admits(int pasid) {
        if (limit == 0) {
            return false;
        }
        if (admitted.contains(pasid)) {
            return true;
        }
        synchronized (admitted) {
            return admitted.size() < limit && admitted.add(pasid) || admitted.contains(pasid);
        }
    }
}
