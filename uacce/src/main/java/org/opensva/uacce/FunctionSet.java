package org.opensva.uacce;

import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.VirtualFunctions;
import org.opensva.api.ats.Endpoint;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;

/** The virtual functions of one device: all or none of a number, as SR-IOV has it. */
final class FunctionSet implements VirtualFunctions {

    private final String physical;
    private final VirtualFunctionSlots slots;
    private final BiFunction<String, Endpoint, UacceDevice> maker;

    /** Held while functions come and go. */
    private final Object plugging = new Object();

    private volatile List<Plugged> plugged = List.of();
    private boolean gone;

    private record Plugged(int index, Endpoint endpoint, UacceDevice device) {}

    FunctionSet(
            String physical,
            VirtualFunctionSlots slots,
            BiFunction<String, Endpoint, UacceDevice> maker) {
        this.physical = physical;
        this.slots = slots;
        this.maker = maker;
    }

    @Override
    public int total() {
        return slots.total();
    }

    @Override
    public List<Accelerator> enabled() {
        return plugged.stream().map(one -> (Accelerator) one.device()).toList();
    }

    @Override
    public void enable(int count) {
        String call = "enable(" + physical + ", " + count + " virtual functions)";
        if (count < 0 || count > total()) {
            throw new ErrnoException(Errno.ERANGE, call, "there can be " + total() + " at most");
        }
        synchronized (plugging) {
            if (gone) {
                throw new ErrnoException(Errno.ENODEV, call, "the device is gone");
            }
            if (count == plugged.size()) {
                return;
            }
            if (count == 0) {
                removeAll();
                return;
            }
            if (!plugged.isEmpty()) {
                throw new ErrnoException(
                        Errno.EBUSY, call, "there are " + plugged.size() + ": remove them first");
            }
            plugAll(count);
        }
    }

    /** All of them, or none if one cannot be plugged in ({@code sriov_add_vfs}). */
    private void plugAll(int count) {
        List<Plugged> made = new ArrayList<>();
        boolean complete = false;
        try {
            for (int index = 0; index < count; index++) {
                Endpoint endpoint = slots.plug(index);
                made.add(new Plugged(index, endpoint, maker.apply(slots.name(index), endpoint)));
            }
            complete = true;
        } finally {
            plugged = List.copyOf(made);
            if (!complete) {
                removeAll();
            }
        }
    }

    private void removeAll() {
        for (Plugged one : plugged.reversed()) {
            one.device().remove();
            slots.unplugged(one.index(), one.endpoint());
        }
        plugged = List.of();
    }

    /** The physical function goes, and they with it. */
    void end() {
        synchronized (plugging) {
            gone = true;
            removeAll();
        }
    }

    /** They are reset with their physical function, because the hardware is the same. */
    void reset() {
        for (Plugged one : plugged) {
            one.device().resetFunction();
        }
    }
}
