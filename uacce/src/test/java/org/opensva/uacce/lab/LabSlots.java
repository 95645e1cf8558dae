package org.opensva.uacce.lab;

import org.opensva.api.ats.Endpoint;
import org.opensva.uacce.VirtualFunctionSlots;

import java.util.ArrayList;
import java.util.List;

/** A slot for each virtual function; one of them may be defective. */
public final class LabSlots implements VirtualFunctionSlots {

    public final List<String> log = new ArrayList<>();
    public int defective = -1;
    private final int total;

    public LabSlots(int total) {
        this.total = total;
    }

    @Override
    public int total() {
        return total;
    }

    @Override
    public String name(int index) {
        return "lab-" + (1 + index);
    }

    @Override
    public Endpoint plug(int index) {
        if (index == defective) {
            throw new IllegalStateException("nothing fits slot " + index);
        }
        log.add("plug " + index);
        return new LabEndpoint();
    }

    @Override
    public void unplugged(int index, Endpoint endpoint) {
        log.add("unplug " + index + (endpoint.isPresent() ? " too early" : ""));
    }
}
