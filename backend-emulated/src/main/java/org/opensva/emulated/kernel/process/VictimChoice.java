package org.opensva.emulated.kernel.process;

import org.opensva.emulated.kernel.mm.OutOfMemoryKiller;
import org.opensva.emulated.kernel.mm.ProcessAddressSpace;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Ends the process whose end gives back most memory (Linux: {@code oom_badness}: pages in memory
 * and in swap), and with it everybody who shares its address space. The memory is freed by who
 * needs it, as by Linux's OOM reaper: he never waits for a driver that itself waits for memory.
 */
final class VictimChoice implements OutOfMemoryKiller {

    private static final System.Logger LOG = System.getLogger(VictimChoice.class.getName());

    private final Supplier<Collection<EmulatedProcess>> processes;

    VictimChoice(Supplier<Collection<EmulatedProcess>> processes) {
        this.processes = processes;
    }

    @Override
    public boolean kill() {
        Optional<EmulatedProcess> victim =
                processes.get().stream()
                        .filter(EmulatedProcess::isAlive)
                        .max(
                                Comparator.comparingLong(EmulatedProcess::badness)
                                        .thenComparingLong(EmulatedProcess::pid));
        if (victim.isEmpty()) {
            return false;
        }
        ProcessAddressSpace memory = victim.get().memory();
        long pages = victim.get().badness();
        List<EmulatedProcess> sharing =
                processes.get().stream().filter(each -> each.memory().equals(memory)).toList();
        LOG.log(
                System.Logger.Level.INFO,
                () -> "out of memory: killed %s, %d pages".formatted(victim.get(), pages));
        sharing.forEach(EmulatedProcess::endForMemory);
        return true;
    }
}
