package org.opensva.uacce.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.opentelemetry.api.OpenTelemetry;

import org.junit.jupiter.api.function.Executable;
import org.opensva.api.accelerator.EngineFactory;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.uacce.UacceConfig;
import org.opensva.uacce.UacceDevice;
import org.opensva.uacce.engine.StandardEngines;

import java.time.Duration;

/** A device on its endpoint. */
public final class Lab implements AutoCloseable {

    /** Longer than anything that is not stuck. */
    public static final Duration SOON = Duration.ofSeconds(20);

    public final LabEndpoint endpoint = new LabEndpoint();
    public final UacceDevice device;

    public Lab() {
        this(UacceConfig.of("lab-0"));
    }

    public Lab(UacceConfig config) {
        this(config, OpenTelemetry.noop());
    }

    public Lab(UacceConfig config, OpenTelemetry telemetry) {
        this(config, telemetry, new StandardEngines());
    }

    public Lab(UacceConfig config, OpenTelemetry telemetry, EngineFactory engines) {
        device = new UacceDevice(config, endpoint, endpoint, engines, telemetry);
    }

    public static void refused(Errno errno, Executable call) {
        assertEquals(errno, assertThrows(ErrnoException.class, call).errno());
    }

    @Override
    public void close() {
        device.close();
    }
}
