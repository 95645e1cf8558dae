package org.opensva.conformance.soak;

/** Hears how a soak goes on, from its main thread. */
@FunctionalInterface
public interface SoakListener {

    /**
     * An epoch has ended well.
     *
     * @param machine on which machine, from 1
     * @param epoch which epoch of it, from 1
     * @param steps how many steps were done so far in all
     */
    void epochEnded(int machine, int epoch, long steps);
}
