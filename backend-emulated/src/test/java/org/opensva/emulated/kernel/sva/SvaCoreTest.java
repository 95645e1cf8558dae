package org.opensva.emulated.kernel.sva;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.opensva.api.iommu.PageFault;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.SvaBond;
import org.opensva.api.memory.Access;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.SvaProcess;
import org.opensva.api.telemetry.HardwareEvent;
import org.opensva.emulated.kernel.TestMachine;
import org.opensva.emulated.kernel.paging.PagingMode;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

@Timeout(60)
@ParameterizedClass
@EnumSource(PagingMode.class)
class SvaCoreTest {

    private final SvaMachine sva;
    private final TestMachine machine;
    private final int pageBytes;
    private final FakeIommu iommu;
    private final FakeIommu second;
    private final FakeIommu.Function zip;
    private final FakeIommu.Function dma;
    private final FakeIommu.Function narrow = new FakeIommu.Function("narrow-2", 24, 3);
    private final SvaCore core;
    private final SvaProcess process;

    SvaCoreTest(PagingMode mode) {
        sva = new SvaMachine(mode);
        machine = sva.machine;
        pageBytes = machine.pageBytes;
        iommu = sva.iommu;
        second = sva.second;
        zip = sva.zip;
        dma = sva.dma;
        process = sva.process;
        core = sva.core;
    }

    @AfterEach
    void nothingIsLeftBehind() {
        sva.close();
    }

    private static void refused(Errno errno, Runnable call) {
        assertEquals(errno, assertThrows(ErrnoException.class, call::run).errno());
    }

    @Test
    void aSecondBindSharesTheBondUntilTheLastUnbind() {
        SvaBond one = core.bind(zip, process.addressSpace());
        SvaBond two = core.bind(zip, process.addressSpace());
        assertEquals(one.pasid(), two.pasid());
        assertEquals(List.of("attach zip-0", "domain", "bind zip-0 1"), iommu.taken());
        one.close();
        one.close();
        assertEquals(List.of(), iommu.taken());
        two.close();
        assertEquals(List.of("unbind zip-0 1", "close domain"), iommu.taken());
    }

    @Test
    void devicesBehindOneIommuShareTheDomainAndTheNumber() {
        SvaBond one = core.bind(zip, process.addressSpace());
        SvaBond two = core.bind(dma, process.addressSpace());
        SvaBond three = core.bind(sva.far, process.addressSpace());
        assertEquals(one.pasid(), two.pasid());
        assertEquals(one.pasid(), three.pasid());
        assertEquals(
                List.of("attach zip-0", "domain", "bind zip-0 1", "attach dma-1", "bind dma-1 1"),
                iommu.taken());
        assertEquals(List.of("attach far-3", "domain", "bind far-3 1"), second.taken());
        one.close();
        assertEquals(List.of("unbind zip-0 1"), iommu.taken());
        two.close();
        three.close();
        assertEquals(List.of("unbind dma-1 1", "close domain"), iommu.taken());
    }

    @Test
    void theNumberStaysWithTheAddressSpaceAndIsNotReusedAtOnce() {
        SvaBond first = core.bind(zip, process.addressSpace());
        Pasid pasid = first.pasid();
        first.close();
        SvaProcess other = machine.spawn();
        try (SvaBond bond = core.bind(zip, other.addressSpace())) {
            assertNotEquals(pasid, bond.pasid());
        }
        try (SvaBond bond = core.bind(zip, process.addressSpace())) {
            assertEquals(pasid, bond.pasid());
        }
        other.close();
        process.close();
        assertEquals(0, core.pasidCount());
        SvaProcess third = machine.spawn();
        try (SvaBond bond = core.bind(zip, third.addressSpace())) {
            assertNotEquals(pasid, bond.pasid());
        }
    }

    @Test
    void aForkedChildIsUnboundAndGetsANumberOfItsOwn() {
        try (SvaBond parent = core.bind(zip, process.addressSpace())) {
            iommu.taken();
            SvaProcess child = process.fork();
            assertEquals(List.of("invalidate"), iommu.taken());
            try (SvaBond own = core.bind(zip, child.addressSpace())) {
                assertNotEquals(parent.pasid(), own.pasid());
            }
        }
    }

    @Test
    void theNumberOutlivesTheProcessUntilTheLastUnbind() {
        SvaBond bond = core.bind(zip, process.addressSpace());
        iommu.taken();
        process.close();
        assertEquals(List.of("release"), iommu.taken());
        assertEquals(1, core.pasidCount());
        bond.close();
        assertEquals(List.of("unbind zip-0 1", "close domain"), iommu.taken());
        assertEquals(0, core.pasidCount());
    }

    @Test
    void refusalsNameTheReasonAndLeaveNoTrace() {
        AddressSpace space = process.addressSpace();
        refused(Errno.ENODEV, () -> core.bind(sva.none, space));
        zip.present = false;
        refused(Errno.ENODEV, () -> core.bind(zip, space));
        zip.present = true;
        iommu.failDomain = Errno.EOPNOTSUPP;
        refused(Errno.EOPNOTSUPP, () -> core.bind(zip, space));
        iommu.failDomain = null;
        iommu.failBind = Errno.EBUSY;
        refused(Errno.EBUSY, () -> core.bind(zip, space));
        assertEquals(0, core.pasidCount());
        assertEquals(0, core.bondCount());
        iommu.failBind = null;
        assertEquals(List.of("attach zip-0", "domain", "close domain"), iommu.taken());
        core.bind(zip, space).close();
        process.close();
        refused(Errno.EINVAL, () -> core.bind(zip, space));
    }

    @Test
    void aDeviceWithFewNumbersRunsOutOrOverflows() {
        SvaProcess two = machine.spawn();
        SvaProcess three = machine.spawn();
        SvaBond one = core.bind(narrow, process.addressSpace());
        SvaBond other = core.bind(narrow, two.addressSpace());
        assertEquals(1, one.pasid().value());
        assertEquals(2, other.pasid().value());
        refused(Errno.ENOSPC, () -> core.bind(narrow, three.addressSpace()));
        SvaBond wide = core.bind(zip, three.addressSpace());
        assertEquals(3, wide.pasid().value());
        refused(Errno.EOVERFLOW, () -> core.bind(narrow, three.addressSpace()));
        FakeIommu.Function without = new FakeIommu.Function("without", 48, 0);
        refused(Errno.ENOSPC, () -> core.bind(without, machine.spawn().addressSpace()));
        one.close();
        other.close();
        wide.close();
    }

    @Test
    void aFaultOnAPageOfTheProcessIsServed() throws InterruptedException {
        long at = machine.anonymous(process, 2);
        try (SvaBond bond = core.bind(zip, process.addressSpace())) {
            int pasid = bond.pasid().value();
            machine.events.recordEvents(true);
            zip.device.fault(
                    pasid,
                    new PageFault(at, Access.READ),
                    new PageFault(at + pageBytes, Access.READ | Access.WRITE));
            assertEquals(PageResponse.SUCCESS, zip.device.answer());
            assertTrue(TestMachine.writable(machine.walk(process, at + pageBytes)));
            assertNotEquals(0, machine.walk(process, at));
        }
        List<HardwareEvent.Kind> kinds =
                machine.events.events().stream().map(HardwareEvent::kind).toList();
        assertEquals(
                List.of(HardwareEvent.Kind.UNBIND_BEGIN, HardwareEvent.Kind.UNBIND_END), kinds);
    }

    @Test
    void theFirstFailureOfAGroupDecidesForAllOfIt() throws InterruptedException {
        long at = machine.anonymous(process, 3);
        process.mprotect(at + pageBytes, pageBytes, org.opensva.api.memory.Protection.READ);
        try (SvaBond bond = core.bind(zip, process.addressSpace())) {
            zip.device.fault(
                    bond.pasid().value(),
                    new PageFault(at, Access.READ),
                    new PageFault(at + pageBytes, Access.WRITE),
                    new PageFault(at + 2 * pageBytes, Access.READ));
            assertEquals(PageResponse.INVALID_REQUEST, zip.device.answer());
            assertNotEquals(0, machine.walk(process, at));
            assertEquals(0, machine.walk(process, at + 2 * pageBytes));
        }
    }

    @Test
    void whatHasNoAddressSpaceIsInvalid() throws InterruptedException {
        long at = machine.anonymous(process, 1);
        SvaBond bond = core.bind(zip, process.addressSpace());
        int pasid = bond.pasid().value();
        PageFault fault = new PageFault(at, Access.READ);
        zip.device.fault(pasid + 1, fault);
        assertEquals(PageResponse.INVALID_REQUEST, zip.device.answer());
        zip.device.fault(Pasid.NONE, fault);
        assertEquals(PageResponse.INVALID_REQUEST, zip.device.answer());
        zip.device.fault(pasid, new PageFault(at, Access.READ | Access.PRIVILEGED));
        assertEquals(PageResponse.INVALID_REQUEST, zip.device.answer());
        process.close();
        zip.device.fault(pasid, fault);
        assertEquals(PageResponse.INVALID_REQUEST, zip.device.answer());
        bond.close();
        zip.device.fault(pasid, fault);
        assertEquals(PageResponse.INVALID_REQUEST, zip.device.answer());
        assertEquals(0, zip.device.answers.size());
    }

    @Test
    void unbindWaitsForThePendingAnswersOfItsNumber() throws InterruptedException {
        long at = machine.anonymous(process, 1);
        SvaBond bond = core.bind(zip, process.addressSpace());
        CountDownLatch answering = new CountDownLatch(1);
        CountDownLatch proceed = new CountDownLatch(1);
        zip.onRespond =
                () -> {
                    answering.countDown();
                    try {
                        proceed.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                };
        zip.device.fault(bond.pasid().value(), new PageFault(at, Access.READ));
        assertTrue(answering.await(20, TimeUnit.SECONDS));
        CountDownLatch entryDead = new CountDownLatch(1);
        zip.beforeUnbind = entryDead::countDown;
        Thread unbinding = Thread.ofPlatform().start(bond::close);
        assertTrue(entryDead.await(20, TimeUnit.SECONDS));
        // It cannot end: the answer has not been given.
        assertEquals(1, core.bondCount());
        process.close();
        assertEquals(1, core.pasidCount());
        proceed.countDown();
        unbinding.join();
        assertEquals(0, core.bondCount());
        assertEquals(0, core.pasidCount());
    }

    @Test
    void aRemovedDeviceIsDetachedWithItsLastBond() {
        SvaBond bond = core.bind(zip, process.addressSpace());
        zip.present = false;
        iommu.taken();
        bond.close();
        assertEquals(List.of("unbind zip-0 1", "close domain", "detach zip-0"), iommu.taken());
        zip.present = true;
        core.bind(zip, process.addressSpace()).close();
        assertEquals("attach zip-0", iommu.taken().getFirst());
    }

    @Test
    void bindsUnbindsExitsAndFaultsRace() throws InterruptedException {
        Thread[] threads = new Thread[3];
        java.util.concurrent.atomic.AtomicReference<Throwable> failure =
                new java.util.concurrent.atomic.AtomicReference<>();
        java.util.concurrent.atomic.AtomicReference<SvaProcess> current =
                new java.util.concurrent.atomic.AtomicReference<>(machine.spawn());
        java.util.concurrent.atomic.AtomicBoolean stop =
                new java.util.concurrent.atomic.AtomicBoolean();
        for (int t = 0; t < threads.length; t++) {
            FakeIommu.Function function = t == 0 ? zip : dma;
            threads[t] =
                    Thread.ofPlatform()
                            .start(() -> {
                                try {
                                    while (!stop.get()) {
                                        bindAndFault(function, current.get());
                                    }
                                } catch (Throwable e) {
                                    failure.compareAndSet(null, e);
                                }
                            });
        }
        for (int i = 0; i < 300; i++) {
            current.getAndSet(machine.spawn()).close();
        }
        stop.set(true);
        for (Thread thread : threads) {
            thread.join();
        }
        assertEquals(null, failure.get());
    }

    private void bindAndFault(FakeIommu.Function function, SvaProcess victim) {
        try (SvaBond bond = core.bind(function, victim.addressSpace())) {
            function.device.fault(bond.pasid().value(), new PageFault(0x1000, Access.READ));
        } catch (ErrnoException e) {
            assertTrue(e.errno() == Errno.EINVAL || e.errno() == Errno.ESRCH, e.getMessage());
        }
    }
}
