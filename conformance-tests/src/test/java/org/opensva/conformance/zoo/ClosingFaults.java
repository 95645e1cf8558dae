package org.opensva.conformance.zoo;

import static org.opensva.conformance.rules.RuleId.*;

import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.backend.Backend;
import org.opensva.api.process.SvaProcess;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Members of which something goes on when they are closed. */
final class ClosingFaults {

    /** Longer than a test waits for it, and not for the rest of the zoo. */
    private static final long SECONDS = 20;

    private ClosingFaults() {}

    private static void goOn(String name) {
        CountDownLatch never = new CountDownLatch(1);
        Thread.ofPlatform()
                .daemon()
                .name(name)
                .start(() -> {
                    try {
                        never.await(SECONDS, TimeUnit.SECONDS);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                });
    }

    /** Nobody ends the thread that was begun for a queue. */
    private static Accelerator leaving(Accelerator accelerator) {
        return new ForwardingAccelerator(accelerator) {
            @Override
            public QueueHandle open(SvaProcess process) {
                goOn("queue of " + name());
                return super.open(process);
            }
        };
    }

    static List<BrokenBackend> members() {
        return List.of(
                BrokenBackend.breaking("a-poller-outlives-its-machine", EXIT_22)
                        .as("class of bug: a worker that remove does not stop")
                        .because("a thread that was begun at opening goes on after close")
                        .notTouching(UACCE_03, BIND_03)
                        .seenByWaiting()
                        .by(() ->
                                new Defect() {
                                    @Override
                                    public Backend around(Backend machine) {
                                        goOn("poller");
                                        return machine;
                                    }
                                }),
                BrokenBackend.breaking("a-queue-leaves-its-thread", EXIT_22)
                        .as("class of bug: a worker for each queue, and none that ends it")
                        .because("the thread of a queue goes on after the queue and the backend")
                        .notTouching(BIND_28, BIND_22)
                        .seenByWaiting()
                        .by(() ->
                                new Defect() {
                                    @Override
                                    public Backend around(Backend machine) {
                                        return WrappedBackend.withAccelerators(
                                                machine, ClosingFaults::leaving);
                                    }
                                }));
    }
}
