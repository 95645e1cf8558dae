package org.opensva.smmuv3.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.opensva.api.memory.BusErrorException;
import org.opensva.api.memory.MmioRegion;
import org.opensva.smmuv3.layout.CounterGroupRegisters;
import org.opensva.smmuv3.layout.CounterGroupRegisters.Evtyper;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Disabling the interrupt of a counter group while one is on its way out: SMMU_PMCG_IRQ_CTRLACK
 * tells when nothing comes any more (section 10.5.2, SMMU_PMCG_IRQ_CTRL).
 */
@Timeout(60)
class CounterInterruptTest {

    private static final long DOORBELL = 0x800_0040L;

    private final AtomicLong time = new AtomicLong();
    private final TestMemory memory = new TestMemory().with(TestMachine.RAM, 4096);
    private final List<String> sent = new ArrayList<>();
    private Runnable onEdge = () -> {};
    private Runnable onMessage = () -> {};

    private final SmmuInterrupts interrupts =
            new SmmuInterrupts() {
                @Override
                public void wired(Wire wire) {}

                @Override
                public void counters() {
                    onEdge.run();
                    sent.add("edge");
                }

                @Override
                public void message(long address, int data) {
                    onMessage.run();
                    sent.add("message " + data);
                }
            };

    private final SmmuV3 smmu = new SmmuV3(SmmuProfile.sva(), memory, interrupts, time::get);
    private final MmioRegion group = smmu.counterGroup().orElseThrow();

    CounterInterruptTest() {
        group.write(CounterGroupRegisters.IRQ_CFG0, 8, DOORBELL);
        group.write(CounterGroupRegisters.IRQ_CFG1, 4, 77);
        group.write(CounterGroupRegisters.IRQ_CTRL, 4, 1);
        group.write(CounterGroupRegisters.EVTYPER, 4, Evtyper.FILTER_SID_SPAN.mask());
        group.write(CounterGroupRegisters.INTENSET0, 8, 1);
        group.write(CounterGroupRegisters.CNTENSET0, 8, 1);
        group.write(CounterGroupRegisters.CR, 4, 1);
        overflowSoon();
    }

    @AfterEach
    void close() {
        smmu.close();
    }

    /** The clock overflows the counter with its next tick, and any access notices. */
    private void overflowSoon() {
        group.write(CounterGroup.PAGE_1 + CounterGroupRegisters.EVCNTR, 8, -1L);
    }

    private long read(int register) {
        return group.read(register, 4);
    }

    private void disable() {
        group.write(CounterGroupRegisters.IRQ_CTRL, 4, 0);
    }

    /** Lets another thread notice the overflow, and returns when it is within what it sends. */
    private Thread another(CountDownLatch within) throws InterruptedException {
        time.incrementAndGet();
        Thread other = new Thread(() -> read(CounterGroupRegisters.CFGR));
        other.start();
        within.await();
        return other;
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void disablingIsAcknowledgedWhenTheEdgeThatAnotherThreadIsSendingHasBeenSent()
            throws InterruptedException {
        CountDownLatch within = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        onEdge =
                () -> {
                    within.countDown();
                    await(goOn);
                };
        Thread other = another(within);
        disable();
        assertEquals(0, read(CounterGroupRegisters.IRQ_CTRL));
        assertEquals(1, read(CounterGroupRegisters.IRQ_CTRLACK));
        goOn.countDown();
        other.join();
        assertEquals(0, read(CounterGroupRegisters.IRQ_CTRLACK));
        List<String> all = List.copyOf(sent);
        assertEquals(List.of("edge", "message 77"), all.stream().sorted().toList());
        overflowSoon();
        time.incrementAndGet();
        read(CounterGroupRegisters.CFGR);
        assertEquals(all, sent, "nothing after the acknowledgement");
    }

    @Test
    void theMessageKeepsItsAddressAndDataUntilDisablingIsAcknowledged()
            throws InterruptedException {
        CountDownLatch within = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        onMessage =
                () -> {
                    within.countDown();
                    await(goOn);
                };
        Thread other = another(within);
        disable();
        group.write(CounterGroupRegisters.IRQ_CFG0, 8, 0);
        group.write(CounterGroupRegisters.IRQ_CFG1, 4, 78);
        assertEquals(DOORBELL, group.read(CounterGroupRegisters.IRQ_CFG0, 8));
        assertEquals(77, read(CounterGroupRegisters.IRQ_CFG1));
        goOn.countDown();
        other.join();
        assertEquals(0, read(CounterGroupRegisters.IRQ_CTRLACK));
        group.write(CounterGroupRegisters.IRQ_CFG1, 4, 78);
        assertEquals(78, read(CounterGroupRegisters.IRQ_CFG1));
    }

    @Test
    void anAbortedMessageIsInTheStatusBeforeDisablingIsAcknowledged() throws InterruptedException {
        CountDownLatch within = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        onMessage =
                () -> {
                    within.countDown();
                    await(goOn);
                    throw BusErrorException.instance();
                };
        Thread other = another(within);
        disable();
        assertEquals(1, read(CounterGroupRegisters.IRQ_CTRLACK));
        assertEquals(0, read(CounterGroupRegisters.IRQ_STATUS));
        goOn.countDown();
        while (read(CounterGroupRegisters.IRQ_CTRLACK) != 0) {
            Thread.onSpinWait();
        }
        assertEquals(1, read(CounterGroupRegisters.IRQ_STATUS));
        other.join();
    }

    @Test
    void aHandlerWithinTheEdgeCanDisableTheInterruptAndSeeThatAcknowledged() {
        List<Long> acknowledged = new ArrayList<>();
        onEdge =
                () -> {
                    disable();
                    long last = read(CounterGroupRegisters.IRQ_CTRLACK);
                    acknowledged.add(last);
                    sent.add("acknowledged");
                };
        time.incrementAndGet();
        read(CounterGroupRegisters.CFGR);
        assertEquals(List.of(0L), acknowledged);
        assertEquals(List.of("message 77", "acknowledged", "edge"), sent, "the message before");
    }

    @Test
    void anInterruptTriggeredBeforeTheWriteThatDisablesItIsSentBeforeThatReturns() {
        time.incrementAndGet();
        disable();
        assertEquals(List.of("edge", "message 77"), sent.stream().sorted().toList());
        assertEquals(0, read(CounterGroupRegisters.IRQ_CTRLACK));
    }

    @Test
    void anOverflowWhileDisabledIsNotMadeUpForLater() {
        disable();
        time.incrementAndGet();
        read(CounterGroupRegisters.CFGR);
        group.write(CounterGroupRegisters.IRQ_CTRL, 4, 1);
        assertEquals(List.of(), sent);
        assertEquals(1, read(CounterGroupRegisters.IRQ_CTRLACK));
    }

    @Test
    void withoutAnAddressThereIsAnEdgeAndNoMessage() {
        disable();
        group.write(CounterGroupRegisters.IRQ_CFG0, 8, 0);
        group.write(CounterGroupRegisters.IRQ_CFG2, 4, -1L);
        assertEquals(0x3f, read(CounterGroupRegisters.IRQ_CFG2), "attributes have six bits");
        group.write(CounterGroupRegisters.IRQ_CTRL, 4, 1);
        time.incrementAndGet();
        read(CounterGroupRegisters.CFGR);
        assertEquals(List.of("edge"), sent);
    }
}
