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
final class Bench implements AutoCloseable {

    final List<Lab> labs = new ArrayList<>();
    final LabProcess process = new LabProcess();

    Bench(int devices) {
        this(devices, new StandardEngines(), 256);
    }

    Bench(int devices, EngineFactory engines, int instances) {
        for (int i = 0; i < devices; i++) {
            UacceConfig config =
                    UacceConfig.of("lab-" + i)
                            .withInstances(instances)
                            .withDrainTimeout(Duration.ofMillis(200));
            labs.add(new Lab(config, OpenTelemetry.noop(), engines));
        }
    }

    List<Accelerator> devices() {
        return labs.stream().map(lab -> (Accelerator) lab.device).toList();
    }

    ContextPool pool() {
        return pool(config());
    }

    ContextPool pool(PoolConfig config) {
        return ContextPool.open(process, devices(), config);
    }

    static PoolConfig config() {
        return PoolConfig.of("test").withPatience(Lab.SOON, Lab.SOON, 4);
    }

    static byte[] bytes(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    int free() {
        return labs.stream().mapToInt(lab -> lab.device.availableInstances()).sum();
    }

    @Override
    public void close() {
        process.close();
        labs.forEach(Lab::close);
    }
}
