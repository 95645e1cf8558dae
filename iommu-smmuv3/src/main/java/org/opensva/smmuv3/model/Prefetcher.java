package org.opensva.smmuv3.model;

import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.Access;
import org.opensva.smmuv3.layout.Command;

/**
 * CMD_PREFETCH_CONFIG and CMD_PREFETCH_ADDR (section 4.2): fill caches as an unprivileged read of
 * the stream's device would. What cannot be fetched is left out without a word.
 */
final class Prefetcher {

    /** Translations of one command; more are left out. */
    private static final int MOST_TRANSLATIONS = 512;

    private final ConfigurationCache configurations;
    private final Translator translator;
    private final Devices devices;
    private final boolean strides;

    Prefetcher(
            SmmuProfile profile,
            ConfigurationCache configurations,
            Translator translator,
            Devices devices) {
        this.configurations = configurations;
        this.translator = translator;
        this.devices = devices;
        strides = profile.aidr() > 0; // SMMUv3.0 has 4 KB only
    }

    void configuration(int streamId, int pasid) {
        prefetch(streamId, pasid, 0, true);
    }

    void addresses(int streamId, int pasid, long w1) {
        int shift = 12 + (strides ? (int) Command.STRIDE.get(w1) : 0);
        long count = Math.min(1L << Command.PREFETCH_SIZE.get(w1), MOST_TRANSLATIONS);
        long address = Command.ADDRESS.address(w1);
        for (long i = 0; i < count; i++) {
            prefetch(streamId, pasid, address + (i << shift), false);
        }
    }

    private void prefetch(int streamId, int pasid, long address, boolean configurationOnly) {
        if (devices.find(streamId) == null || pasid < Pasid.NONE || !translator.enabled()) {
            return; // nobody there to fetch for
        }
        Lane lane = devices.lanes(streamId).enter();
        try {
            Translation request = lane.translation;
            request.begin(streamId, pasid, Access.READ, false, false, address);
            if (configurationOnly) {
                request.stopAtContext();
            }
            translator.transaction(configurations.stream(streamId), request, lane);
        } finally {
            lane.leave();
        }
    }
}
