package org.opensva.conformance.zoo;

import com.google.inject.Module;
import com.google.inject.util.Modules;

import org.opensva.api.backend.Backend;

import java.util.HashMap;
import java.util.Map;

/**
 * A fault that needs two layers to show: one that is wrong, and one that lives with it as real
 * hardware may.
 *
 * @param first one
 * @param second the other
 */
record BothOf(Defect first, Defect second) implements Defect {

    @Override
    public Module layers() {
        return Modules.combine(first.layers(), second.layers());
    }

    @Override
    public Map<String, String> options() {
        Map<String, String> all = new HashMap<>(first.options());
        all.putAll(second.options());
        return all;
    }

    @Override
    public Backend around(Backend machine) {
        return second.around(first.around(machine));
    }
}
