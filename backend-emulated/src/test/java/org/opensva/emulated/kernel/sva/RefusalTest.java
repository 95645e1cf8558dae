package org.opensva.emulated.kernel.sva;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.opensva.api.iommu.PageFault;
import org.opensva.api.iommu.PageResponse;
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
import java.util.concurrent.atomic.AtomicBoolean;

/** Binds and unbinds that go wrong: what they leave, and what they leave alone. */
@Timeout(60)
class RefusalTest {

    private final SvaMachine sva = new SvaMachine(PagingMode.ARM64_4K);
    private final SvaCore core = sva.core;
    private final AddressSpace space = sva.process.addressSpace();
    private boolean anUnbindFailed;

    @AfterEach
    void nothingIsLeftBehind() {
        if (anUnbindFailed) {
            sva.machine.kernel.close();
            core.close();
        } else {
            sva.close();
        }
    }

    private static String refused(Errno errno, Runnable call) {
        ErrnoException refusal = assertThrows(ErrnoException.class, call::run);
        assertEquals(errno, refusal.errno());
        return refusal.getMessage();
    }

    private SvaBond bind(FakeIommu.Function function) {
        return core.bind(function, space);
    }

    private List<String> events() {
        return sva.machine.events.events().stream()
                .filter(event -> event.kind() != HardwareEvent.Kind.FRAME_FREED)
                .map(event -> "%s %d %d".formatted(event.kind(), event.requester(), event.pasid()))
                .toList();
    }

    @Test
    void aSecondDeviceThatIsRefusedLeavesTheBondOfTheFirst() throws InterruptedException {
        SvaBond first = bind(sva.zip);
        sva.iommu.taken();
        sva.iommu.failBind = Errno.EBUSY;
        refused(Errno.EBUSY, () -> bind(sva.dma));
        assertEquals(List.of("attach dma-1"), sva.iommu.taken(), "the domain is in use");
        sva.second.failDomain = Errno.ENOMEM;
        refused(Errno.ENOMEM, () -> bind(sva.far));
        assertEquals(1, core.bondCount());
        assertEquals(1, core.pasidCount(), "the number belongs to the address space");
        PageFault fault = new PageFault(sva.machine.anonymous(sva.process, 1), Access.READ);
        sva.dma.device.fault(first.pasid().value(), fault);
        assertEquals(PageResponse.INVALID_REQUEST, sva.dma.device.answer());
        sva.zip.device.fault(first.pasid().value(), fault);
        assertEquals(PageResponse.SUCCESS, sva.zip.device.answer());
        sva.iommu.failBind = null;
        try (SvaBond again = bind(sva.dma)) {
            assertEquals(first.pasid(), again.pasid());
        }
        first.close();
        assertEquals("close domain", sva.iommu.taken().getLast());
    }

    @Test
    void aFirstBindThatIsRefusedGivesTheNumberBackOnce() {
        sva.machine.events.recordEvents(true);
        sva.iommu.failBind = Errno.EBUSY;
        refused(Errno.EBUSY, () -> bind(sva.zip));
        assertEquals(List.of("PASID_ALLOCATED -1 1", "PASID_FREED -1 1"), events());
        sva.iommu.failBind = null;
        bind(sva.zip).close();
        assertEquals(1, core.pasidCount(), "the address space has a number again");
        sva.process.close();
        assertEquals(0, core.pasidCount());
        assertEquals(
                List.of(
                        "PASID_ALLOCATED -1 1",
                        "PASID_FREED -1 1",
                        "PASID_ALLOCATED -1 2",
                        "UNBIND_BEGIN 8 2",
                        "UNBIND_END 8 2",
                        "RELEASE_BEGIN -1 2",
                        "RELEASE_END -1 2",
                        "PASID_FREED -1 2"),
                events());
    }

    @Test
    void anAddressSpaceWhoseOnlyBindWasRefusedEndsWithoutANumber() {
        sva.machine.events.recordEvents(true);
        sva.iommu.failDomain = Errno.EOPNOTSUPP;
        refused(Errno.EOPNOTSUPP, () -> bind(sva.zip));
        sva.process.close();
        assertEquals(
                List.of(
                        "PASID_ALLOCATED -1 1",
                        "PASID_FREED -1 1",
                        "RELEASE_BEGIN -1 -1",
                        "RELEASE_END -1 -1"),
                events());
        assertEquals(0, sva.machine.addressSpaces.identityCount());
    }

    @Test
    void anAddressSpaceOfAnotherMachineIsRefusedAndTakesNoNumber() {
        try (TestMachine other = new TestMachine(PagingMode.ARM64_4K)) {
            SvaProcess stranger = other.spawn();
            while (stranger.addressSpace().id() <= space.id()) {
                stranger = other.spawn();
            }
            AddressSpace foreign = stranger.addressSpace();
            refused(Errno.EINVAL, () -> core.bind(sva.zip, foreign));
        }
        assertEquals(0, core.pasidCount());
        assertEquals(List.of("attach zip-0"), sva.iommu.taken());
    }

    @Test
    void aDeviceSaysWhetherItHasNoNumbersOrNoneIsLeft() {
        for (int pasids = 0; pasids <= 1; pasids++) {
            FakeIommu.Function without = new FakeIommu.Function("without", 48 + pasids, pasids);
            String message = refused(Errno.ENOSPC, () -> bind(without));
            assertTrue(message.contains("the device has no PASIDs"), message);
        }
        FakeIommu.Function narrow = new FakeIommu.Function("narrow", 56, 3);
        bind(narrow).close();
        core.bind(narrow, sva.machine.spawn().addressSpace()).close();
        AddressSpace third = sva.machine.spawn().addressSpace();
        String message = refused(Errno.ENOSPC, () -> core.bind(narrow, third));
        assertTrue(message.contains("all 2 PASIDs are in use"), message);
    }

    @Test
    void faultsOfABindThatIsRefusedAreAnsweredBeforeItReturns() {
        long at = sva.machine.anonymous(sva.process, 1);
        PageFault fault = new PageFault(at, Access.READ);
        Thread binder = Thread.currentThread();
        AtomicBoolean returned = new AtomicBoolean();
        AtomicBoolean tooLate = new AtomicBoolean();
        sva.zip.onRespond =
                () -> {
                    while (!returned.get() && binder.getState() != Thread.State.WAITING) {
                        Thread.onSpinWait();
                    }
                    tooLate.set(returned.get());
                };
        sva.zip.beforeBind = () -> sva.zip.device.fault(1, fault);
        sva.iommu.failBind = Errno.EBUSY;
        refused(Errno.EBUSY, () -> bind(sva.zip));
        returned.set(true);
        assertEquals(List.of(PageResponse.SUCCESS), List.copyOf(sva.zip.device.answers));
        assertFalse(tooLate.get(), "the bind was refused while its fault was being served");
    }

    @Test
    void anUnbindThatFailsEndsTheBondAndNobodyElseGetsItsNumber() throws InterruptedException {
        anUnbindFailed = true;
        SvaBond bond = bind(sva.zip);
        int pasid = bond.pasid().value();
        sva.machine.events.recordEvents(true);
        sva.zip.beforeUnbind =
                () -> {
                    throw new IllegalStateException("the queue is stuck");
                };
        assertThrows(IllegalStateException.class, bond::close);
        assertEquals(List.of("UNBIND_BEGIN 8 1", "UNBIND_END 8 1"), events());
        assertEquals(0, core.bondCount());
        long at = sva.machine.anonymous(sva.process, 1);
        sva.zip.device.fault(pasid, new PageFault(at, Access.READ));
        assertEquals(PageResponse.INVALID_REQUEST, sva.zip.device.answer());
        sva.process.close();
        assertEquals(1, core.pasidCount(), "the device may still use it");
        sva.zip.beforeUnbind = () -> {};
        FakeIommu.Function narrow = new FakeIommu.Function("narrow", 56, pasid + 2);
        try (SvaBond other = core.bind(narrow, sva.machine.spawn().addressSpace())) {
            assertNotEquals(pasid, other.pasid().value());
        }
        AddressSpace third = sva.machine.spawn().addressSpace();
        refused(Errno.ENOSPC, () -> core.bind(narrow, third));
    }

    @Test
    void aDomainThatFailsToCloseIsNotUsedAgain() {
        anUnbindFailed = true;
        SvaBond bond = bind(sva.zip);
        sva.iommu.onDomainClosed =
                () -> {
                    throw new IllegalStateException("its tag is not flushed");
                };
        assertThrows(IllegalStateException.class, bond::close);
        sva.iommu.taken();
        sva.iommu.onDomainClosed = () -> {};
        bind(sva.zip).close();
        assertEquals(
                List.of("domain", "bind zip-0 1", "unbind zip-0 1", "close domain"),
                sva.iommu.taken());
    }

    @Test
    void whatTakesThePlaceOfARemovedDeviceIsAttachedAnew() {
        bind(sva.zip).close();
        sva.zip.present = false;
        sva.iommu.taken();
        FakeIommu.Function next = new FakeIommu.Function("zip-9", 8, 1 << 20);
        try (SvaBond _ = bind(next)) {
            assertEquals(
                    List.of("detach zip-0", "attach zip-9", "domain", "bind zip-9 1"),
                    sva.iommu.taken());
        }
    }

    @Test
    void theSuccessorOfARemovedDeviceWaitsUntilItsBondsHaveGone() {
        SvaBond old = bind(sva.zip);
        sva.zip.present = false;
        sva.iommu.taken();
        FakeIommu.Function next = new FakeIommu.Function("zip-9", 8, 1 << 20);
        refused(Errno.EBUSY, () -> bind(next));
        assertEquals(List.of(), sva.iommu.taken());
        old.close();
        try (SvaBond _ = bind(next)) {
            assertEquals(
                    List.of(
                            "unbind zip-0 1",
                            "close domain",
                            "detach zip-0",
                            "attach zip-9",
                            "domain",
                            "bind zip-9 1"),
                    sva.iommu.taken());
        }
    }

    @Test
    void aDeviceThatIsStillThereStaysAttached() {
        bind(sva.zip).close();
        sva.iommu.taken();
        bind(sva.zip).close();
        assertEquals(
                List.of("domain", "bind zip-0 1", "unbind zip-0 1", "close domain"),
                sva.iommu.taken());
        core.close();
        assertEquals(List.of("detach zip-0"), sva.iommu.taken());
    }
}
