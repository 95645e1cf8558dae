package org.opensva.conformance.zoo;

import com.google.inject.AbstractModule;
import com.google.inject.Module;
import com.google.inject.Provides;

import jakarta.inject.Singleton;

import org.opensva.api.memory.PhysicalMemory;
import org.opensva.emulated.DriverMemory;
import org.opensva.emulated.machine.WatchedMemory;
import org.opensva.smmuv3.layout.ContextDescriptor;

import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * The words of a context descriptor reach memory with the first one, which holds the valid bit,
 * before the others. They are told from whatever else the driver stores by their place in a block
 * of 64 bytes whose first word is then stored with the bit set.
 */
final class ValidBitFirst implements Defect {

    private static final long BLOCK = ContextDescriptor.WORDS * (long) Long.BYTES;

    @Override
    public Module layers() {
        return new AbstractModule() {
            @Provides
            @Singleton
            @DriverMemory
            PhysicalMemory memory(WatchedMemory memory) {
                Reordered order = new Reordered(memory);
                return (PhysicalMemory)
                        Proxy.newProxyInstance(
                                PhysicalMemory.class.getClassLoader(),
                                new Class<?>[] {PhysicalMemory.class},
                                (proxy, method, arguments) -> {
                                    if (method.getName().equals("writeLong")) {
                                        order.write((Long) arguments[0], (Long) arguments[1]);
                                        return null;
                                    }
                                    return method.invoke(memory, arguments);
                                });
            }
        };
    }

    /** Stores the words of a descriptor once more, in the wrong order. */
    private static final class Reordered {
        private final PhysicalMemory memory;
        private final Map<Long, TreeMap<Long, Long>> written = new HashMap<>();

        Reordered(PhysicalMemory memory) {
            this.memory = memory;
        }

        synchronized void write(long address, long value) {
            long block = address & -BLOCK;
            boolean first = address == block;
            if (first && (value & ContextDescriptor.V.mask()) != 0 && written.containsKey(block)) {
                TreeMap<Long, Long> rest = written.remove(block);
                if (rest.size() >= 2) {
                    rest.keySet().forEach(at -> memory.writeLong(at, 0));
                    memory.writeLong(address, value);
                    rest.forEach(memory::writeLong);
                    return;
                }
            }
            memory.writeLong(address, value);
            if (first) {
                written.remove(block);
            } else {
                written.computeIfAbsent(block, key -> new TreeMap<>()).put(address, value);
            }
        }
    }
}
