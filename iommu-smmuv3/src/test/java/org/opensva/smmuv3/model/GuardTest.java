package org.opensva.smmuv3.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.DmaStatus;
import org.opensva.api.memory.Access;
import org.opensva.api.memory.AddressRange;
import org.opensva.smmuv3.layout.CommandEncoder;
import org.opensva.smmuv3.layout.Granule;
import org.opensva.smmuv3.layout.Opcode;
import org.opensva.smmuv3.layout.Register;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;

/** A transaction that is held up in the middle, and what goes on around it meanwhile. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class GuardTest {

    private static final int ASID = 4;
    private static final long VA = 0x60_0000L;

    private final TestMachine machine = new TestMachine(SmmuProfile.complete());
    private final long[] command = new long[2];
    private final CountDownLatch inside = new CountDownLatch(1);
    private final CountDownLatch goOn = new CountDownLatch(1);
    private final AtomicLong result = new AtomicLong(-1);
    private long contexts;
    private long table;
    private long page;

    @BeforeEach
    void bind() {
        contexts = machine.allocate(64L << 8, 64L << 8);
        table = machine.newTable(Granule.K4);
        page = machine.allocate(4096, 4096);
        machine.map(table, VA, page, TestMachine.PAGE_RW);
        machine.writeWords(contexts + 64, machine.context(table, Granule.K4, 48, ASID));
        machine.stage1(contexts, 8);
        machine.enable();
    }

    @AfterEach
    void close() {
        goOn.countDown();
        machine.close();
    }

    /** Holds up whoever comes to an address for the first time. */
    private LongConsumer gate(long address) {
        return at -> {
            if (at == address && inside.getCount() > 0) {
                inside.countDown();
                try {
                    goOn.await();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            }
        };
    }

    private Thread startWrite() throws InterruptedException {
        Thread device = new Thread(() -> result.set(write()));
        device.start();
        inside.await();
        return device;
    }

    private long write() {
        return machine.port.write(1, Access.WRITE, VA, new byte[8], 0, 8);
    }

    private void invalidate(int way) {
        switch (way) {
            case 0 -> CommandEncoder.tlbiAddress(command, 0, Opcode.TLBI_NH_VA, 0, ASID, VA, true);
            case 1 -> CommandEncoder.tlbiNhAsid(command, 0, 0, ASID);
            case 2 -> CommandEncoder.tlbiAddress(command, 0, Opcode.TLBI_NH_VAA, 0, 0, VA, true);
            case 3 -> CommandEncoder.tlbiNhAll(command, 0, 0);
            case 4 -> CommandEncoder.tlbiNsnhAll(command, 0);
            case 5 -> CommandEncoder.cfgiCd(command, 0, TestMachine.STREAM, 1, true);
            case 6 -> CommandEncoder.cfgiCdAll(command, 0, TestMachine.STREAM);
            case 7 -> CommandEncoder.cfgiSte(command, 0, TestMachine.STREAM, true);
            case 8 -> CommandEncoder.cfgiSteRange(command, 0, TestMachine.STREAM, 3);
            default -> CommandEncoder.cfgiAll(command, 0);
        }
        machine.command(command);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
    void syncWaitsForAWriteThatUsedWhatWasInvalidated(int way) throws InterruptedException {
        machine.memory.beforeWrite = gate(page);
        Thread device = startWrite();
        invalidate(way);
        assertTrue(machine.allConsumed(), "an invalidation alone waits for nobody");
        Thread driver = new Thread(machine::sync);
        driver.start();
        driver.join(100);
        assertTrue(driver.isAlive(), "CMD_SYNC completed before the write");
        assertFalse(machine.allConsumed());
        goOn.countDown();
        driver.join();
        device.join();
        assertTrue(machine.allConsumed());
        assertEquals(DmaResult.complete(8), result.get());
    }

    @Test
    void aProcessorsBarrierWaitsForAWriteThatUsedWhatItTookAway() throws InterruptedException {
        machine.memory.beforeWrite = gate(page);
        Thread device = startWrite();
        machine.unmap(table, VA);
        AddressRange range = AddressRange.of(VA, 4096);
        machine.smmu.broadcast(new BroadcastTlbi(BroadcastTlbi.Scope.VAAE1, 0, 0, range, true));
        Thread processor = new Thread(machine.smmu::completeBroadcasts);
        processor.start();
        processor.join(100);
        assertTrue(processor.isAlive(), "the barrier ended before the write");
        goOn.countDown();
        processor.join();
        device.join();
        assertEquals(DmaResult.complete(8), result.get());
        assertFalse(DmaResult.isComplete(write()));
    }

    @Test
    void aSyncWithoutInvalidationWaitsForNobody() throws InterruptedException {
        machine.memory.beforeWrite = gate(page);
        Thread device = startWrite();
        machine.sync();
        assertTrue(machine.allConsumed());
        goOn.countDown();
        device.join();
    }

    @Test
    void disablingTranslationWaitsForWhatIsUnderWay() throws InterruptedException {
        machine.memory.beforeWrite = gate(page);
        Thread device = startWrite();
        Thread driver = new Thread(() -> machine.smmu.write(Register.CR0.offset(), 4, 0));
        driver.start();
        driver.join(100);
        assertTrue(driver.isAlive());
        assertTrue((machine.smmu.read(Register.CR0ACK.offset(), 4) & 1) != 0);
        goOn.countDown();
        driver.join();
        device.join();
        assertEquals(0, machine.smmu.read(Register.CR0ACK.offset(), 4));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4})
    void aWalkThatBeganBeforeAnInvalidationLeavesNothingBehind(int way)
            throws InterruptedException {
        long leaf = machine.descriptorAddress(table, Granule.K4, 48, VA, 3, false);
        machine.memory.afterRead = gate(leaf);
        Thread device = startWrite();
        machine.memory.writeLong(leaf, 0);
        invalidate(way);
        goOn.countDown();
        device.join();
        machine.sync();
        assertEquals(DmaResult.complete(8), result.get(), "it was under way before");
        assertEquals(DmaStatus.ABORTED, DmaResult.status(write()));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4})
    void aTableReadBeforeAnInvalidationIsNotKeptEither(int way) throws InterruptedException {
        long pointer = machine.descriptorAddress(table, Granule.K4, 48, VA, 2, false);
        machine.memory.afterRead = gate(pointer);
        Thread device = startWrite();
        machine.memory.writeLong(pointer, 0);
        if (way == 0) {
            CommandEncoder.tlbiAddress(command, 0, Opcode.TLBI_NH_VA, 0, ASID, VA, false);
            machine.command(command);
        } else if (way == 2) {
            CommandEncoder.tlbiAddress(command, 0, Opcode.TLBI_NH_VAA, 0, 0, VA, false);
            machine.command(command);
        } else {
            invalidate(way);
        }
        goOn.countDown();
        device.join();
        machine.sync();
        assertEquals(DmaStatus.ABORTED, DmaResult.status(write()));
    }

    @ParameterizedTest
    @ValueSource(ints = {5, 6, 7, 8, 9})
    void aContextReadBeforeAnInvalidationIsNotKept(int way) throws InterruptedException {
        machine.memory.afterRead = gate(contexts + 64 + 56);
        Thread device = startWrite();
        machine.writeWords(contexts + 64, 0L);
        invalidate(way);
        goOn.countDown();
        device.join();
        machine.sync();
        assertEquals(DmaStatus.ABORTED, DmaResult.status(write()));
    }

    @ParameterizedTest
    @ValueSource(ints = {7, 8, 9})
    void anEntryReadBeforeAnInvalidationIsNotKept(int way) throws InterruptedException {
        machine.memory.afterRead = gate(machine.entryAddress(TestMachine.STREAM) + 56);
        Thread device = startWrite();
        machine.writeWords(machine.entryAddress(TestMachine.STREAM), 0L);
        invalidate(way);
        goOn.countDown();
        device.join();
        machine.sync();
        assertEquals(DmaStatus.ABORTED, DmaResult.status(write()));
    }
}
