package org.opensva.conformance.zoo;

import static org.opensva.conformance.rules.RuleId.*;

import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.ErrorInjection;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.SysfsTree;
import org.opensva.api.backend.Backend;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.SvaProcess;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;

/** Members whose devices are not isolated, reset or described as they should be. */
final class DeviceFaults {

    private DeviceFaults() {}

    private static Defect devices(UnaryOperator<Accelerator> around) {
        return new Defect() {
            @Override
            public Backend around(Backend machine) {
                return WrappedBackend.withAccelerators(machine, around);
            }
        };
    }

    /** Files that leave everything to others. */
    private static class Files implements SysfsTree {
        private final SysfsTree to;

        Files(SysfsTree to) {
            this.to = to;
        }

        @Override
        public List<String> list(String directory) {
            return to.list(directory);
        }

        @Override
        public String read(String path) {
            return to.read(path);
        }

        @Override
        public void write(String path, String text) {
            to.write(path, text);
        }
    }

    /** Errors that leave everything to others. */
    private static class Errors implements ErrorInjection {
        private final ErrorInjection to;

        Errors(ErrorInjection to) {
            this.to = to;
        }

        @Override
        public void hardwareError() {
            to.hardwareError();
        }

        @Override
        public void failNextReset() {
            to.failNextReset();
        }

        @Override
        public void advance(Duration time) {
            to.advance(time);
        }
    }

    private static Defect files(UnaryOperator<SysfsTree> around) {
        return devices(accelerator ->
                new ForwardingAccelerator(accelerator) {
                    @Override
                    public Optional<SysfsTree> sysfs() {
                        return super.sysfs().map(around);
                    }
                });
    }

    private static Defect errors(UnaryOperator<ErrorInjection> around) {
        return devices(accelerator ->
                new ForwardingAccelerator(accelerator) {
                    @Override
                    public Optional<ErrorInjection> errorInjection() {
                        return super.errorInjection().map(around);
                    }
                });
    }

    private static Defect silentlyRefused(String file) {
        return files(files ->
                new Files(files) {
                    @Override
                    public void write(String path, String text) {
                        try {
                            super.write(path, text);
                        } catch (ErrnoException e) {
                            if (!path.equals(file)) {
                                throw e;
                            }
                        }
                    }
                });
    }

    /** Counts each error again once a threshold was set. */
    private static final class KeepsItsHistory extends ForwardingAccelerator {
        private final AtomicInteger errors = new AtomicInteger();

        KeepsItsHistory(Accelerator to) {
            super(to);
        }

        @Override
        public Optional<ErrorInjection> errorInjection() {
            return super.errorInjection()
                    .map(sound ->
                            new Errors(sound) {
                                @Override
                                public void hardwareError() {
                                    errors.incrementAndGet();
                                    super.hardwareError();
                                }
                            });
        }

        @Override
        public Optional<SysfsTree> sysfs() {
            return super.sysfs()
                    .map(sound ->
                            new Files(sound) {
                                @Override
                                public void write(String path, String text) {
                                    super.write(path, text);
                                    if (path.equals("isolate_strategy")) {
                                        countAgain();
                                    }
                                }
                            });
        }

        private void countAgain() {
            ErrorInjection sound = super.errorInjection().orElseThrow();
            for (int i = errors.get(); i > 0; i--) {
                sound.hardwareError();
            }
        }
    }

    /** One lock for the control calls and the submissions of all queues. */
    private static final class OneLock extends ForwardingAccelerator {
        private static final long HARDWARE_NANOS = 50_000_000;

        private final ReentrantLock lock = new ReentrantLock(true);

        OneLock(Accelerator to) {
            super(to);
        }

        @Override
        public QueueHandle open(SvaProcess process) {
            return new ForwardingHandle(super.open(process)) {
                @Override
                QueueHandle around(QueueHandle copy) {
                    return copy;
                }

                @Override
                public void putQueue() {
                    lock.lock();
                    try {
                        super.putQueue();
                        // As qm_drain_qp, which sleeps between looks at the hardware.
                        LockSupport.parkNanos(HARDWARE_NANOS);
                    } finally {
                        lock.unlock();
                    }
                }

                @Override
                public long submit(Job job) {
                    lock.lock();
                    try {
                        return super.submit(job);
                    } finally {
                        lock.unlock();
                    }
                }
            };
        }
    }

    static List<BrokenBackend> members() {
        return List.of(
                BrokenBackend.breaking("the-error-itself-counts", UACCE_15)
                        .as("class of bug: qm_hw_err_isolate counts earlier errors only")
                        .because("a device is isolated one error too early")
                        .perhapsAlso(UACCE_14)
                        .notTouching(UACCE_17, UACCE_11)
                        .by(() ->
                                errors(sound ->
                                        new Errors(sound) {
                                            @Override
                                            public void hardwareError() {
                                                super.hardwareError();
                                                super.hardwareError();
                                            }
                                        })),
                BrokenBackend.breaking("errors-never-grow-old", UACCE_15)
                        .as("class of bug: the list of errors is not cleared after an hour")
                        .because("an error counts for ever")
                        .notTouching(UACCE_14, UACCE_17)
                        .by(() ->
                                errors(sound ->
                                        new Errors(sound) {
                                            @Override
                                            public void advance(Duration time) {}
                                        })),
                BrokenBackend.breaking("a-failed-reset-is-forgotten", UACCE_15)
                        .as("qm_controller_reset: a device whose reset fails is isolated")
                        .because("a device whose reset failed is used again")
                        .notTouching(UACCE_14, UACCE_17)
                        .by(() ->
                                errors(sound ->
                                        new Errors(sound) {
                                            @Override
                                            public void failNextReset() {}
                                        })),
                BrokenBackend.breaking("a-new-threshold-keeps-the-errors", UACCE_14)
                        .as(
                                "\"crypto: hisilicon/qm\" of 2025: err_threshold and the list of"
                                        + " errors changed without one lock")
                        .because("errors from before a threshold was set count against it")
                        .notTouching(UACCE_17, UACCE_11)
                        .by(() -> devices(KeepsItsHistory::new)),
                BrokenBackend.breaking("any-threshold-is-taken", UACCE_14)
                        .as("98eec349259b, uacce: isolate_strategy did not look before it acted")
                        .because("a threshold that is refused looks as if it were set")
                        .notTouching(UACCE_15, UACCE_11)
                        .by(() -> silentlyRefused("isolate_strategy")),
                BrokenBackend.breaking("a-reset-goes-unnoticed", UACCE_17)
                        .as("hisi_qm: the status word that tells user space of a reset")
                        .because("queues live on after a reset as if there had been none")
                        .notTouching(UACCE_14, UACCE_11)
                        .by(() ->
                                devices(accelerator ->
                                        new ForwardingAccelerator(accelerator) {
                                            @Override
                                            public void reset() {}
                                        })),
                BrokenBackend.breaking("the-files-count-other-queues", UACCE_11)
                        .as("class of bug: an attribute with a state of its own")
                        .because("available_instances in sysfs never changes")
                        .perhapsAlso(UACCE_12)
                        .notTouching(UACCE_14, UACCE_17)
                        .by(() ->
                                files(sound ->
                                        new Files(sound) {
                                            @Override
                                            public String read(String path) {
                                                return path.equals("available_instances")
                                                        ? "1000000\n"
                                                        : super.read(path);
                                            }
                                        })),
                BrokenBackend.breaking("stopping-a-queue-stops-the-others", UACCE_10)
                        .as("uacce before 2022: one uacce_mutex for all queues of all devices")
                        .because("a submission waits until another queue has been stopped")
                        .notTouching(UACCE_04, UACCE_17)
                        .by(() -> devices(OneLock::new)));
    }
}
