package org.opensva.conformance.zoo;

import com.google.inject.Module;

import org.opensva.api.backend.Backend;

import java.util.Map;

/** What is wrong with one open machine. It may have state, so that every machine gets its own. */
interface Defect {

    /** The sound machine. */
    default String machine() {
        return ZooProvider.SOUND;
    }

    /** The layers that replace those of the sound machine. */
    default Module layers() {
        return binder -> {};
    }

    /** The options that the sound machine is opened with. */
    default Map<String, String> options() {
        return Map.of();
    }

    /** Decorates what the suite sees of the machine. */
    default Backend around(Backend machine) {
        return machine;
    }
}
