package org.opensva.conformance.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.opentelemetry.api.OpenTelemetry;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.api.backend.BackendProvider;
import org.opensva.api.backend.BackendVariant;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.SvaProcess;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Random system calls about memory, made by processes of the emulated kernel and by real ones of
 * the Linux that the test runs on: answers, error numbers included, and what is read afterwards are
 * the same. More programs: {@code -Dsame.as.linux=1000}.
 */
class SameAsLinuxTest {

    private static final int PROGRAMS = Integer.getInteger("same.as.linux", 5);
    private static final int STEPS = 120;

    private static Backend open(String name, Map<String, String> options) {
        BackendCatalog catalog = BackendCatalog.load(SameAsLinuxTest.class.getClassLoader());
        for (BackendProvider provider : catalog.providers()) {
            for (BackendVariant variant : provider.variants()) {
                if (name.equals(provider.name() + ":" + variant.name())) {
                    assumeTrue(variant.available(), variant.reason());
                }
            }
        }
        return catalog.open(name, options, OpenTelemetry.noop());
    }

    /** Processes of one kernel, and a memory object that they share. */
    private static final class Family implements AutoCloseable {
        private final List<SvaProcess> members = new ArrayList<>();
        private final int object;

        Family(Backend backend) {
            SvaProcess first = backend.processes().spawn("first");
            members.add(first);
            object = first.createSharedMemory((long) Calls.OBJECT_PAGES * Calls.PAGE);
        }

        String answer(int member, Calls.Call call) {
            try {
                return Long.toHexString(call.of(members.get(member), object));
            } catch (ErrnoException e) {
                return e.errno().name();
            } catch (CpuFaultException e) {
                return e.signal().name();
            }
        }

        /** What every member reads at both ends of each page. */
        List<String> view() {
            List<String> seen = new ArrayList<>();
            for (int member = 0; member < members.size(); member++) {
                for (int page = 0; page < Calls.PAGES; page++) {
                    for (int end = 0; end <= Calls.PAGE - 8; end += Calls.PAGE - 8) {
                        long at = Calls.BASE + (long) page * Calls.PAGE + end;
                        seen.add(
                                "process %d, 0x%x: %s"
                                        .formatted(
                                                member,
                                                at,
                                                answer(
                                                        member,
                                                        (process, fd) -> process.loadLong(at))));
                    }
                }
            }
            return seen;
        }

        void fork(int parent) {
            members.add(members.get(parent).fork());
        }

        void end(int member) {
            members.remove(member).close();
        }

        @Override
        public void close() {
            members.forEach(SvaProcess::close);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"emulated:vtd", "emulated:smmuv3"})
    void everyCallIsAnsweredAsLinuxAnswersIt(String emulated) {
        try (Backend linux = open("native:host", Map.of());
                Backend model = open(emulated, Map.of("tormentor", "1"))) {
            assumeTrue(linux.processes().pageSize() == Calls.PAGE, "pages of another size");
            for (long seed = 1; seed <= PROGRAMS; seed++) {
                run(linux, model, seed);
            }
        }
    }

    private static void run(Backend linux, Backend model, long seed) {
        Random random = new Random(seed);
        Calls calls = new Calls(random);
        List<String> done = new ArrayList<>();
        try (Family real = new Family(linux);
                Family emulated = new Family(model)) {
            for (int step = 0; step < STEPS; step++) {
                int members = real.members.size();
                int member = random.nextInt(members);
                if (random.nextInt(20) == 0) {
                    if (members < 3) {
                        done.add("process %d forks".formatted(member));
                        real.fork(member);
                        emulated.fork(member);
                    } else {
                        done.add("process 1 ends");
                        real.end(1);
                        emulated.end(1);
                    }
                } else {
                    Calls.Drawn drawn = calls.next();
                    String expected = real.answer(member, drawn.call());
                    done.add("process %d: %s = %s".formatted(member, drawn.text(), expected));
                    String seen = emulated.answer(member, drawn.call());
                    assertEquals(expected, seen, () -> report(seed, done));
                }
                assertEquals(real.view(), emulated.view(), () -> report(seed, done));
            }
        }
    }

    private static String report(long seed, List<String> done) {
        return "seed %d, after%n%s%n".formatted(seed, String.join("\n", done));
    }
}
