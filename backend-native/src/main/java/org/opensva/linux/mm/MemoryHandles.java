package org.opensva.linux.mm;

import org.jspecify.annotations.Nullable;
import org.opensva.linux.abi.Descriptor;

/**
 * The descriptors that name one address space. All of them were opened by the process itself, so
 * that no right over other processes is needed, and all of them die with the address space.
 *
 * @param mem {@code /proc/PID/mem}
 * @param maps {@code /proc/PID/maps}
 * @param events a userfaultfd, not yet configured, of which the process has kept no copy; null
 *     where there is none
 */
public record MemoryHandles(Descriptor mem, Descriptor maps, @Nullable Descriptor events)
        implements AutoCloseable {

    @Override
    public void close() {
        mem.close();
        maps.close();
        if (events != null) {
            events.close();
        }
    }
}
