package org.opensva.api.accelerator;

/** Makes engines. */
@FunctionalInterface
public interface EngineFactory {

    /**
     * Makes an engine for one worker of a device.
     *
     * @return a new engine
     */
    Engine create();
}
