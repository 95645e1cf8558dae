package org.opensva.conformance.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.google.inject.AbstractModule;
import com.google.inject.Module;

import io.opentelemetry.api.OpenTelemetry;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.api.backend.BackendException;
import org.opensva.api.backend.BackendProvider;
import org.opensva.api.backend.BackendRequest;
import org.opensva.api.backend.BackendVariant;
import org.opensva.api.backend.ForeignHandlePolicy;
import org.opensva.conformance.suite.testbackend.SoftBackend;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;

/**
 * A backend whose own methods fail, hang or return nothing: told in a line, as a backend that
 * cannot be opened or by the verdicts of its rules, and never by an exception or a run that does
 * not end.
 */
class HostileBackendsTest {

    private static final String RULES = "BIND-01,UACCE-01";
    private static final Set<String> METHODS =
            Set.of("module", "descriptor", "processes", "accelerators", "introspection", "close");

    /** What becomes of a call. */
    enum Mischief {
        THROWS_A_RUNTIME_EXCEPTION {
            @Override
            Object instead() {
                throw new IllegalStateException("the driver\nis not loaded");
            }
        },
        THROWS_AN_ERROR {
            @Override
            Object instead() {
                throw new NoClassDefFoundError("com/acme/Missing");
            }
        },
        OVERFLOWS {
            @Override
            Object instead() {
                throw new StackOverflowError();
            }
        },
        RETURNS_NULL {
            @Override
            @SuppressWarnings("NullAway") // which is the point
            Object instead() {
                return null;
            }
        },
        HANGS {
            @Override
            Object instead() throws InterruptedException {
                new CountDownLatch(1).await();
                return "never";
            }
        };

        abstract Object instead() throws InterruptedException;
    }

    private record Hostile(String method, Mischief mischief) implements BackendProvider {

        @Override
        public String name() {
            return "hostile";
        }

        @Override
        public List<BackendVariant> variants() {
            return List.of(BackendVariant.available("", "for tests"));
        }

        @Override
        public Module module(BackendRequest request) {
            Backend sound =
                    SoftBackend.catalog(SoftBackend.ALL, ForeignHandlePolicy.REFUSE)
                            .open("soft", Map.of(), OpenTelemetry.noop());
            if (method.equals("module")) {
                try {
                    return (Module) mischief.instead();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }
            InvocationHandler calls =
                    (proxy, called, arguments) -> {
                        if (called.getName().equals(method)) {
                            return mischief.instead();
                        }
                        try {
                            return called.invoke(sound, arguments);
                        } catch (InvocationTargetException e) {
                            throw e.getCause() == null ? e : e.getCause();
                        }
                    };
            Backend hostile =
                    (Backend)
                            Proxy.newProxyInstance(
                                    Backend.class.getClassLoader(),
                                    new Class<?>[] {Backend.class},
                                    calls);
            return new AbstractModule() {
                @Override
                protected void configure() {
                    bind(Backend.class).toInstance(hostile);
                }
            };
        }
    }

    static Stream<Hostile> hostiles() {
        List<Hostile> all = new ArrayList<>();
        for (String method : METHODS.stream().sorted().toList()) {
            for (Mischief mischief : Mischief.values()) {
                boolean nothing = method.equals("close") && mischief == Mischief.RETURNS_NULL;
                if (!nothing) {
                    all.add(new Hostile(method, mischief));
                }
            }
        }
        return all.stream();
    }

    @ParameterizedTest
    @MethodSource("hostiles")
    void isToldInALine(Hostile hostile) {
        List<String> told =
                assertTimeoutPreemptively(Duration.ofSeconds(50), () -> certify(hostile));
        assertFalse(told.isEmpty(), "nothing was found");
        told.forEach(line -> {
            assertEquals(1, line.lines().count(), line);
            assertFalse(line.isBlank(), "an empty line");
        });
    }

    /** The complaint, or the reasons of the rules that failed. */
    private static List<String> certify(Hostile hostile) {
        try {
            return ConformanceRun.builder()
                    .catalog(BackendCatalog.of(List.of(hostile)))
                    .backend("hostile")
                    .rules(RULES)
                    .timeoutFactor(0.005)
                    .run()
                    .with(Verdict.FAILED)
                    .stream()
                    .map(RuleResult::reason)
                    .toList();
        } catch (BackendException e) {
            return Arrays.asList(String.valueOf(e.getMessage()));
        }
    }
}
