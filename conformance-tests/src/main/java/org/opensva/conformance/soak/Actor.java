package org.opensva.conformance.soak;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.process.SvaProcess;

import java.util.ArrayList;
import java.util.List;

/** A process with its mappings and open queues. One thread has it. */
final class Actor implements AutoCloseable {

    private final SvaProcess process;
    private final List<Area> areas = new ArrayList<>();
    private final List<QueueHandle> queues = new ArrayList<>();

    Actor(SvaProcess process) {
        this.process = process;
    }

    SvaProcess process() {
        return process;
    }

    List<Area> areas() {
        return areas;
    }

    List<QueueHandle> queues() {
        return queues;
    }

    /** Any of its mappings, null if it has none. */
    @Nullable Area anyArea(int choice) {
        return areas.isEmpty() ? null : areas.get(Math.floorMod(choice, areas.size()));
    }

    /** Any of its queues, null if it has none. */
    @Nullable QueueHandle anyQueue(int choice) {
        return queues.isEmpty() ? null : queues.get(Math.floorMod(choice, queues.size()));
    }

    /** Ends and reaps the process, then forgets the queues, which are its files. */
    @Override
    public void close() {
        process.close();
        queues.forEach(QueueHandle::close);
        queues.clear();
        areas.clear();
    }
}
