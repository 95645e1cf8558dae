package org.opensva.conformance.suite.claims;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.opentelemetry.api.OpenTelemetry;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.api.backend.Capability;
import org.opensva.conformance.suite.bench.Limits;
import org.opensva.conformance.suite.claims.ClaimResult.Found;
import org.opensva.linux.NativeBackendProvider;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a backend with a real device says about its processes. The device is a tree of files here:
 * processes are real, and nothing that is asked for needs a device that works.
 */
@EnabledOnOs(value = OS.LINUX, disabledReason = "this is about Linux")
class NodeClaimsTest {

    private static final Set<Capability> OF_PROCESSES =
            EnumSet.of(
                    Capability.FORK,
                    Capability.EXEC,
                    Capability.KILL,
                    Capability.THREADS,
                    Capability.SHARED_MEMORY,
                    Capability.FILE_TRUNCATE,
                    Capability.HOLE_PUNCH,
                    Capability.WRITE_BACK,
                    Capability.MEMORY_LOCK,
                    Capability.GROWING_STACKS,
                    Capability.MREMAP,
                    Capability.MPROTECT,
                    Capability.DISCARD,
                    Capability.MEMORY_PRESSURE,
                    Capability.INTROSPECTION,
                    Capability.TWO_DEVICES,
                    Capability.FAULT_RECORDS);

    @TempDir Path root;

    @BeforeEach
    void machine() throws IOException {
        Path device = root.resolve("sys/bus/dsa/devices/dsa0");
        file(device.resolve("pasid_enabled"), "1");
        file(device.resolve("max_transfer_size"), "2147483648");
        file(device.resolve("cmd_status"), "0x0");
        Path queue = device.resolve("wq0.0");
        file(queue.resolve("state"), "enabled");
        file(queue.resolve("type"), "user");
        file(queue.resolve("mode"), "dedicated");
        file(queue.resolve("size"), "4");
        file(queue.resolve("max_transfer_size"), "1048576");
        Files.createSymbolicLink(root.resolve("sys/bus/dsa/devices/wq0.0"), Path.of("dsa0/wq0.0"));
        file(root.resolve("dev/dsa/wq0.0"), "");
    }

    private static void file(Path path, String text) throws IOException {
        Files.createDirectories(path.getParent());
        Files.writeString(path, text + "\n");
    }

    private Backend open() {
        return BackendCatalog.of(List.of(new NativeBackendProvider(root)))
                .open("native:idxd/wq0.0", Map.of(), OpenTelemetry.noop());
    }

    private ClaimResult ask(Capability capability, Set<Capability> claims) {
        ClaimProbes.Machines machines =
                new ClaimProbes.Machines() {
                    private Optional<Backend> open = Optional.empty();

                    @Override
                    public Backend acquire() {
                        Backend machine = open();
                        open = Optional.of(machine);
                        return new Claiming(machine, claims);
                    }

                    @Override
                    public void release(boolean healthy) {
                        open.ifPresent(Backend::close);
                    }
                };
        return new ClaimProbes(machines, 1, new Limits(6)).ask(capability);
    }

    @Test
    void whatProcessesOfARealDeviceCanDoIsClaimedAndNothingElseIs() {
        Set<Capability> truth;
        try (Backend machine = open()) {
            truth = machine.descriptor().capabilities();
        }
        List<String> wrong = new ArrayList<>();
        int seen = 0;
        for (Capability capability : OF_PROCESSES) {
            ClaimResult honest = ask(capability, truth);
            if (honest.isContradicted()) {
                wrong.add(honest.toString());
            }
            if (honest.found() == Found.UNKNOWN) {
                continue;
            }
            EnumSet<Capability> lie = EnumSet.copyOf(truth);
            if (!lie.remove(capability)) {
                lie.add(capability);
            }
            ClaimResult caught = ask(capability, lie);
            if (!caught.isContradicted()) {
                wrong.add("not seen to be a lie: " + caught);
            }
            seen++;
        }
        assertEquals(List.of(), wrong);
        assertTrue(seen >= 14, "too little was asked for: " + seen);
    }
}
