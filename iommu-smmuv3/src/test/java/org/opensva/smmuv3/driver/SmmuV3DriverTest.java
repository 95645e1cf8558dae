package org.opensva.smmuv3.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.opentelemetry.api.OpenTelemetry;

import org.junit.jupiter.api.Test;
import org.opensva.api.iommu.AttachedDevice;
import org.opensva.api.iommu.FaultRecord;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.SvaDomain;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.smmuv3.driver.RecordingSmmu.Seen;
import org.opensva.smmuv3.layout.Command;
import org.opensva.smmuv3.layout.ControlRegisters.Cr0;
import org.opensva.smmuv3.layout.Opcode;
import org.opensva.smmuv3.layout.Register;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

class SmmuV3DriverTest {

    private static final Pasid PASID = new Pasid(5);

    private final FlatMemory memory = new FlatMemory();
    private final RecordingSmmu smmu = new RecordingSmmu(memory, true);
    private final SmmuV3Driver driver =
            new SmmuV3Driver(smmu, memory, memory, HardwareEventSink.NONE, OpenTelemetry.noop());
    private final FakeDevice zip = new FakeDevice("zip-0", 0x100, true);
    private final FakeDevice dma = new FakeDevice("dma-1", 0x208, true);
    private final FakeAddressSpace mm = new FakeAddressSpace(1, 0x4100_0000L);
    private final AttachedDevice device = driver.attach(zip, (from, group) -> {});

    private List<Opcode> commandsOf(Runnable action) {
        smmu.seen.clear();
        action.run();
        return smmu.opcodes();
    }

    @Test
    void theSmmuIsEnabledAfterItsCachesAreCleanAndNothingElseIs() {
        assertEquals(
                List.of(Opcode.CFGI_STE_RANGE, Opcode.TLBI_NSNH_ALL, Opcode.SYNC),
                smmu.opcodes().subList(0, 3));
        long cr0 = smmu.read(Register.CR0.offset(), 4);
        assertTrue(Cr0.SMMUEN.isSet(cr0));
        assertTrue(Cr0.ATSCHK.isSet(cr0), "translated requests are checked too");
    }

    @Test
    void anUnmapCompletesTheIotlbBeforeItTellsTheAtc() {
        device.bind(PASID, driver.createDomain(mm));
        List<Opcode> commands =
                commandsOf(() -> mm.listeners.getFirst().invalidate(AddressRange.of(0x7000, 4096)));
        assertEquals(
                List.of(Opcode.TLBI_NH_VA, Opcode.SYNC, Opcode.ATC_INV, Opcode.SYNC), commands);
    }

    @Test
    void everyDeviceOfTheAddressSpaceIsToldOnce() {
        SvaDomain domain = driver.createDomain(mm);
        device.bind(PASID, domain);
        driver.attach(dma, (from, group) -> {}).bind(PASID, domain);
        commandsOf(() -> mm.listeners.getFirst().invalidate(AddressRange.WHOLE));
        assertEquals(
                List.of(0x100, 0x208),
                smmu.seen.stream()
                        .filter(command -> command.opcode() == Opcode.ATC_INV)
                        .map(Seen::streamId)
                        .toList());
    }

    @Test
    void theFirstBindEmptiesTheAtcAndOnlyThenSwitchesItOn() {
        List<Boolean> flushedBeforeOn = new ArrayList<>();
        smmu.beforeEachCommand = () -> flushedBeforeOn.add(!zip.switches.contains("ats true"));
        device.bind(PASID, driver.createDomain(mm));
        int flush = smmu.opcodes().lastIndexOf(Opcode.ATC_INV);
        assertTrue(flush > 0);
        assertFalse(Command.ssv(smmu.seen.get(flush).w0()), "the whole ATC");
        assertTrue(flushedBeforeOn.stream().allMatch(before -> before));
        assertEquals(List.of("pasid true", "ats true", "pri true"), zip.switches);
    }

    @Test
    void theLastUnbindSwitchesPageRequestsAndAtsOffInReverse() {
        SvaDomain domain = driver.createDomain(mm);
        device.bind(PASID, domain);
        zip.switches.clear();
        device.unbind(PASID);
        domain.close();
        assertEquals(List.of("pri false", "ats false"), zip.switches);
        assertTrue(mm.listeners.isEmpty());
    }

    @Test
    void unbindKillsTheEntryBeforeItEmptiesTheAtc() {
        device.bind(PASID, driver.createDomain(mm));
        List<Opcode> commands = commandsOf(() -> device.unbind(PASID));
        assertTrue(commands.indexOf(Opcode.CFGI_CD) < commands.indexOf(Opcode.ATC_INV));
        assertEquals(Opcode.SYNC, commands.getLast());
    }

    @Test
    void theTagIsFlushedBeforeItCanBeUsedAgain() {
        SvaDomain domain = driver.createDomain(mm);
        List<Opcode> commands = commandsOf(domain::close);
        assertEquals(List.of(Opcode.TLBI_NH_ASID, Opcode.SYNC), commands);
    }

    @Test
    void releaseQuiescesEveryEntryAndThenFlushesEverythingOfTheTag() {
        device.bind(PASID, driver.createDomain(mm));
        List<Opcode> commands = commandsOf(() -> mm.listeners.getFirst().release());
        int flush = commands.indexOf(Opcode.TLBI_NH_ASID);
        assertTrue(commands.indexOf(Opcode.CFGI_CD) < flush);
        assertTrue(flush < commands.indexOf(Opcode.ATC_INV));
        assertFalse(commands.contains(Opcode.CFGI_STE), "the device stays bound");
    }

    @Test
    void aBindToAReleasedAddressSpaceIsRefusedAndLeavesNoTrace() {
        SvaDomain domain = driver.createDomain(mm);
        mm.listeners.getFirst().release();
        ErrnoException refused =
                assertThrows(ErrnoException.class, () -> device.bind(PASID, domain));
        assertEquals(Errno.EINVAL, refused.errno());
        assertEquals(List.of("pasid true"), zip.switches);
        domain.close();
    }

    @Test
    void anOccupiedPasidIsNotOverwritten() {
        device.bind(PASID, driver.createDomain(mm));
        SvaDomain other = driver.createDomain(new FakeAddressSpace(2, 0x4200_0000L));
        ErrnoException refused =
                assertThrows(ErrnoException.class, () -> device.bind(PASID, other));
        assertEquals(Errno.EBUSY, refused.errno());
    }

    @Test
    void pasidZeroAndPasidsBeyondTheDeviceAreRefused() {
        SvaDomain domain = driver.createDomain(mm);
        for (int pasid : new int[] {0, device.maxPasids(), Pasid.MAX}) {
            ErrnoException refused =
                    assertThrows(ErrnoException.class, () -> device.bind(new Pasid(pasid), domain));
            assertEquals(Errno.EINVAL, refused.errno());
        }
    }

    @Test
    void aDeviceThatNeverAnswersIsBlockedAndReportedAndTheOtherIsUnharmed() {
        List<FaultRecord> faults = new ArrayList<>();
        driver.onFault(faults::add);
        SvaDomain domain = driver.createDomain(mm);
        device.bind(PASID, domain);
        driver.attach(dma, (from, group) -> {}).bind(PASID, domain);
        smmu.silentStreams.add(0x100);
        commandsOf(() -> mm.listeners.getFirst().invalidate(AddressRange.of(0x7000, 4096)));
        assertEquals(1, faults.size());
        assertEquals(0x100, faults.getFirst().requester().value());
        assertTrue(
                smmu.seen.stream()
                        .anyMatch(command ->
                                command.opcode() == Opcode.CFGI_STE && command.streamId() == 0x100),
                "its stream is blocked");
        commandsOf(() -> mm.listeners.getFirst().invalidate(AddressRange.of(0x7000, 4096)));
        assertEquals(
                List.of(0x208),
                smmu.seen.stream()
                        .filter(command -> command.opcode() == Opcode.ATC_INV)
                        .map(Seen::streamId)
                        .toList());
        assertThrows(
                ErrnoException.class,
                () ->
                        device.bind(
                                new Pasid(6),
                                driver.createDomain(new FakeAddressSpace(2, 0x4200_0000L))));
    }

    @Test
    void moreCommandsThanTheQueueHoldsAreNeitherLostNorReordered() {
        FlatMemory fresh = new FlatMemory();
        RecordingSmmu plain = new RecordingSmmu(fresh, false);
        SmmuV3Driver other =
                new SmmuV3Driver(plain, fresh, fresh, HardwareEventSink.NONE, OpenTelemetry.noop());
        SvaDomain domain = other.createDomain(mm);
        // Without range commands each page is one, and the queue of this SMMU holds sixteen.
        for (int pages = 1; pages < 200; pages += 7) {
            plain.seen.clear();
            mm.listeners.getFirst().invalidate(AddressRange.of(0x7000, pages * 4096L));
            assertEquals(Opcode.SYNC, plain.opcodes().getLast());
            List<Long> expected = new ArrayList<>();
            for (int i = 0; i < pages; i++) {
                expected.add(0x7000 + i * 4096L);
            }
            List<Seen> each = plain.seen.subList(0, plain.seen.size() - 1);
            assertEquals(
                    expected,
                    each.stream().map(seen -> Command.ADDRESS.address(seen.w1())).toList());
        }
        domain.close();
    }

    @Test
    void closingGivesEveryFrameBack() {
        FlatMemory fresh = new FlatMemory();
        SmmuV3Driver other =
                new SmmuV3Driver(
                        new RecordingSmmu(fresh, false),
                        fresh,
                        fresh,
                        HardwareEventSink.NONE,
                        OpenTelemetry.noop());
        SvaDomain domain = other.createDomain(mm);
        other.attach(dma, (from, group) -> {}).bind(PASID, domain);
        other.close();
        assertEquals(0, fresh.allocatedFrames());
    }

    @Test
    void aDeviceIsAttachedOnce() {
        ErrnoException refused =
                assertThrows(ErrnoException.class, () -> driver.attach(zip, (from, group) -> {}));
        assertEquals(Errno.EBUSY, refused.errno());
    }

    @Test
    void howLongAnSmmuMayStandStillIsByTheClockThatIsGiven() {
        FlatMemory fresh = new FlatMemory();
        RecordingSmmu stuck = new RecordingSmmu(fresh, true);
        AtomicLong minutes = new AtomicLong();
        SmmuV3Driver hasty =
                new SmmuV3Driver(
                        stuck,
                        fresh,
                        fresh,
                        HardwareEventSink.NONE,
                        OpenTelemetry.noop(),
                        () -> TimeUnit.MINUTES.toNanos(minutes.getAndIncrement()));
        SvaDomain domain = hasty.createDomain(mm);
        stuck.hold();
        assertEquals(Errno.EIO, assertThrows(ErrnoException.class, domain::close).errno());
    }
}
