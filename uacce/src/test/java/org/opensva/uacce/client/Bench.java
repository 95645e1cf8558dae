package org.opensva.uacce.client;

import io.opentelemetry.api.OpenTelemetry;

import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.EngineFactory;
import org.opensva.uacce.UacceConfig;
import org.opensva.uacce.engine.StandardEngines;
import org.opensva.uacce.lab.Lab;
import org.opensva.uacce.lab.LabProcess;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Devices side by side, a process, and a pool over them. */
public final class Bench implements AutoCloseable {

    public final List<Lab> labs = new ArrayList<>();
    public final LabProcess process = new LabProcess();

    public Bench(int devices) {
        this(devices, new StandardEngines(), 256);
    }

    public Bench(int devices, EngineFactory engines, int instances) {
        for (int i = 0; i < devices; i++) {
            UacceConfig config =
                    UacceConfig.of("lab-" + i)
                            .withInstances(instances)
                            .withDrainTimeout(Duration.ofMillis(200));
            labs.add(new Lab(config, OpenTelemetry.noop(), engines));
        }
    }

    public List<Accelerator> devices() {
        return labs.stream().map(lab -> (Accelerator) lab.device).toList();
    }

    public ContextPool pool() {
        return pool(config());
    }

    public ContextPool pool(PoolConfig config) {
        return ContextPool.open(process, devices(), config);
    }

    public static PoolConfig config() {
        return PoolConfig.of("test").withPatience(Lab.SOON, Lab.SOON, 4);
    }

    public static byte[] bytes(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    public int free() {
        return labs.stream().mapToInt(lab -> lab.device.availableInstances()).sum();
    }

    @Override
    public void close() {
        process.close();
        labs.forEach(Lab::close);
    }
}
