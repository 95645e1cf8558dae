package org.opensva.conformance.suite.oracle;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.opentelemetry.api.OpenTelemetry;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.ForeignHandlePolicy;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.bench.BenchSettings;
import org.opensva.conformance.suite.bench.BoundDevice;
import org.opensva.conformance.suite.bench.DeviceLoad;
import org.opensva.conformance.suite.bench.Evidence;
import org.opensva.conformance.suite.bench.Limits;
import org.opensva.conformance.suite.bench.Memory;
import org.opensva.conformance.suite.bench.RuleViolation;
import org.opensva.conformance.suite.bench.TestBench;
import org.opensva.conformance.suite.testbackend.Fault;
import org.opensva.conformance.suite.testbackend.SoftBackend;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/** Uses the oracles as the test of a vendor may: without a rule, on a backend that it opened. */
class OraclesTest {

    /** What an oracle is asked to see. */
    private enum Scenario {
        ALIAS(Fault.UNMAP_TELLS_NOBODY) {
            @Override
            void play(TestBench bench) {
                SvaProcess process = bench.process("owner");
                List<BoundDevice> devices = List.of(bench.device(process));
                try (AliasOracle oracle = new AliasOracle(bench, process, 4)) {
                    DeviceLoad load = oracle.writeBy(devices);
                    oracle.mustStopChanging("the view is unmapped", load, oracle::unmap);
                }
            }
        },
        ALIAS_OF_A_DEAD_PROCESS(Fault.EXIT_LEAVES_THE_DEVICE) {
            @Override
            void play(TestBench bench) {
                SvaProcess process = bench.process("mortal");
                List<BoundDevice> devices = List.of(bench.device(process));
                AliasOracle oracle = new AliasOracle(bench, process, 64);
                SvaProcess witness = bench.fork(process);
                DeviceLoad load = oracle.seenBy(witness).writeBy(devices);
                oracle.mustStopChanging("the process exits", load, () -> process.exit(0));
                oracle.close();
            }
        },
        REUSE(Fault.UNMAP_TELLS_NOBODY) {
            @Override
            void play(TestBench bench) {
                SvaProcess process = bench.process("owner");
                BoundDevice device = bench.device(process);
                Memory memory = bench.memory(process, 8, "memory to be freed");
                memory.writeBy(device, "by the device");
                try (ReuseOracle oracle = new ReuseOracle(bench)) {
                    process.munmap(memory.address(), memory.length());
                    oracle.take(16);
                    for (int i = 0; i < memory.count(); i++) {
                        device.write(memory.page(i), bench.token("after munmap"));
                    }
                    oracle.mustBeUndamaged("a device whose mapping is gone");
                }
            }
        },
        SWAP_IN(Fault.UNMAP_TELLS_NOBODY) {
            @Override
            void play(TestBench bench) {
                SvaProcess process = bench.process("owner");
                Memory memory = bench.memory(process, 3, "the old memory");
                SwapInOracle oracle = new SwapInOracle(bench, bench.device(process));
                oracle.hold(memory);
                oracle.mustBeUsed(oracle.replace(memory), true);
            }
        },
        TWIN(Fault.FORK_DOES_NOT_INVALIDATE) {
            @Override
            void play(TestBench bench) {
                SvaProcess process = bench.process("parent");
                BoundDevice device = bench.device(process);
                Memory memory = bench.memory(process, 3, "the parent's memory");
                memory.writeBy(device, "before fork");
                try (TwinOracle twin = new TwinOracle(bench, memory)) {
                    device.write(memory.page(1), bench.token("after fork"));
                    twin.mustBeUntouched("its parent's device writes");
                }
            }
        },
        RECYCLE(Fault.PASID_IS_FREED_AT_EXIT) {
            @Override
            void play(TestBench bench) {
                SvaProcess process = bench.process("mortal");
                BoundDevice device = bench.device(process);
                int pasid = device.pasid();
                SvaProcess child = bench.fork(process);
                QueueHandle held = bench.adopt(device.handle().inheritedBy(child));
                process.exit(0);
                new RecycleOracle(bench).mustStayReserved(pasid, "a child holds its queue");
                held.close();
            }
        },
        PAIR(Fault.UNMAP_TELLS_NOBODY) {
            @Override
            void play(TestBench bench) {
                SvaProcess process = bench.process("owner");
                BoundDevice one = bench.device(process, 0);
                BoundDevice two = bench.device(process, 1);
                new PairOracle(bench, one, two).mustGoOn("one device is unbound", one::close);
            }
        };

        private final Fault fault;

        Scenario(Fault fault) {
            this.fault = fault;
        }

        abstract void play(TestBench bench);

        void on(Fault... faults) {
            try (Backend backend =
                            SoftBackend.catalog(SoftBackend.ALL, ForeignHandlePolicy.REFUSE, faults)
                                    .open("soft", Map.of(), OpenTelemetry.noop());
                    TestBench bench = bench(backend, Limits.NORMAL)) {
                play(bench);
            }
        }
    }

    private static TestBench bench(Backend backend, Limits limits) {
        return new TestBench(backend, new BenchSettings("mine", List.of(), 1, limits));
    }

    @ParameterizedTest
    @EnumSource
    void anOracleSeesWhatIsBrokenAndNothingElse(Scenario scenario) {
        assertDoesNotThrow(() -> scenario.on());
        RuleViolation violation =
                assertThrows(RuleViolation.class, () -> scenario.on(scenario.fault));
        Evidence evidence = violation.evidence();
        assertFalse(evidence.expected().isBlank(), evidence.toString());
        assertFalse(evidence.seen().isBlank(), evidence.toString());
        assertFalse(evidence.seen().contains("Exception"), evidence.seen());
    }

    @Test
    void anOperationThatNeverEndsIsOverItsBudgetAndSaysWhereItWaits() {
        CountDownLatch never = new CountDownLatch(1);
        try (Backend backend =
                        SoftBackend.catalog(SoftBackend.ALL, ForeignHandlePolicy.REFUSE)
                                .open("soft", Map.of(), OpenTelemetry.noop());
                TestBench bench = bench(backend, new Limits(0.02))) {
            BudgetOracle budget = new BudgetOracle(bench);
            assertFalse(budget.mustEnd("nothing", () -> {}).isNegative());
            RuleViolation violation =
                    assertThrows(
                            RuleViolation.class,
                            () -> budget.mustEnd("a wait", () -> await(never)));
            assertTrue(
                    violation.evidence().seen().contains("CountDownLatch"),
                    violation.evidence().seen());
        } finally {
            never.countDown();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
