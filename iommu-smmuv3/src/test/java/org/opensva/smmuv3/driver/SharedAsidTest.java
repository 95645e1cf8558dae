package org.opensva.smmuv3.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.opentelemetry.api.OpenTelemetry;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.opensva.api.iommu.AttachedDevice;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.SvaDomain;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.smmuv3.layout.Command;
import org.opensva.smmuv3.layout.ContextDescriptor;
import org.opensva.smmuv3.layout.ControlRegisters.Cr2;
import org.opensva.smmuv3.layout.Opcode;
import org.opensva.smmuv3.layout.Register;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/** Address spaces that have one ASID on processors and behind the SMMU (section 3.17). */
class SharedAsidTest {

    private static final Pasid PASID = new Pasid(5);
    private static final AddressRange PAGE = AddressRange.of(0x7000, 4096);
    private static final int UPPER_HALF = 0x8000;

    private final FlatMemory memory = new FlatMemory();
    private final RecordingSmmu smmu = new RecordingSmmu(memory, true).withBroadcasts();
    private final SmmuV3Driver driver = driver(smmu);
    private final FakeDevice zip = new FakeDevice("zip-0", 0x100, true);
    private final FakeAddressSpace mm = new FakeAddressSpace(1, 0x4100_0000L);
    private final AttachedDevice device = driver.attach(zip, (from, group) -> {});

    private SmmuV3Driver driver(RecordingSmmu of) {
        return new SmmuV3Driver(of, memory, memory, HardwareEventSink.NONE, OpenTelemetry.noop());
    }

    private List<Opcode> commandsOf(Runnable action) {
        smmu.seen.clear();
        action.run();
        return smmu.opcodes();
    }

    /** The ASID that the flush of a domain names. */
    private int asidOf(SvaDomain domain) {
        commandsOf(domain::close);
        assertEquals(Opcode.TLBI_NH_ASID, smmu.seen.getFirst().opcode());
        return (int) Command.ASID.get(smmu.seen.getFirst().w0());
    }

    @Test
    void theSmmuListensToBroadcastsOnlyIfItCan() {
        assertFalse(Cr2.PTM.isSet(smmu.read(Register.CR2.offset(), 4)));
        RecordingSmmu deaf = new RecordingSmmu(memory, true);
        driver(deaf);
        assertTrue(Cr2.PTM.isSet(deaf.read(Register.CR2.offset(), 4)));
    }

    @Test
    void aChangeTellsTheAtcAlone() {
        mm.asid = OptionalInt.of(77);
        device.bind(PASID, driver.createDomain(mm));
        for (AddressRange range : List.of(PAGE, AddressRange.WHOLE)) {
            assertEquals(
                    List.of(Opcode.ATC_INV, Opcode.SYNC),
                    commandsOf(() -> mm.listeners.getFirst().invalidate(range)));
        }
    }

    @Test
    void releaseAndTheEndFlushTheIotlbByCommandsAllTheSame() {
        mm.asid = OptionalInt.of(77);
        SvaDomain domain = driver.createDomain(mm);
        device.bind(PASID, domain);
        List<Opcode> commands = commandsOf(() -> mm.listeners.getFirst().release());
        int flush = commands.indexOf(Opcode.TLBI_NH_ASID);
        assertTrue(commands.indexOf(Opcode.CFGI_CD) < flush);
        assertTrue(flush < commands.indexOf(Opcode.ATC_INV));
        device.unbind(PASID);
        assertEquals(77, asidOf(domain));
    }

    @Test
    void theNumberIsHeldUntilNoTlbEntryHasItAnyMore() {
        mm.asid = OptionalInt.of(77);
        SvaDomain domain = driver.createDomain(mm);
        assertEquals(1, mm.holds);
        List<Integer> holds = new ArrayList<>();
        smmu.beforeEachCommand = () -> holds.add(mm.holds);
        domain.close();
        assertEquals(List.of(1, 1), holds, "flush and synchronisation");
        assertEquals(0, mm.holds);
    }

    @Test
    void whatHasNoNumberIsInvalidatedByCommands() {
        SvaDomain domain = driver.createDomain(mm);
        device.bind(PASID, domain);
        assertEquals(
                List.of(Opcode.TLBI_NH_VA, Opcode.SYNC, Opcode.ATC_INV, Opcode.SYNC),
                commandsOf(() -> mm.listeners.getFirst().invalidate(PAGE)));
        device.unbind(PASID);
        assertEquals(0, mm.holds);
        assertTrue(asidOf(domain) >= UPPER_HALF);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, UPPER_HALF, 0xffff, 0x1_0000})
    void aNumberThatCouldBeAPrivateOneIsNotShared(int asid) {
        mm.asid = OptionalInt.of(asid);
        SvaDomain domain = driver.createDomain(mm);
        assertEquals(0, mm.holds);
        assertEquals(
                List.of(Opcode.TLBI_NH_VA, Opcode.SYNC),
                commandsOf(() -> mm.listeners.getFirst().invalidate(PAGE)));
        assertTrue(asidOf(domain) >= UPPER_HALF);
    }

    @Test
    void privateNumbersStayInTheirHalfUntilNoneIsLeft() {
        AsidAllocator asids = new AsidAllocator(8, true);
        List<AsidAllocator.Tag> tags = new ArrayList<>();
        for (int i = 0; i < 128; i++) {
            tags.add(asids.take(mm));
        }
        assertEquals(128, tags.stream().map(AsidAllocator.Tag::asid).distinct().count());
        assertTrue(tags.stream().allMatch(tag -> tag.asid() >= 128 && tag.asid() < 256));
        ErrnoException none = assertThrows(ErrnoException.class, () -> asids.take(mm));
        assertEquals(Errno.ENOSPC, none.errno());
        tags.get(40).end().run();
        assertEquals(tags.get(40).asid(), asids.take(mm).asid());
        mm.asid = OptionalInt.of(127);
        assertTrue(asids.take(mm).shared());
    }

    @Test
    void theContextSaysWhoseNumberItIs() {
        for (boolean shared : new boolean[] {false, true}) {
            AsidAllocator.Tag tag = new AsidAllocator.Tag(77, shared, () -> {});
            var tables = mm.pageTable().orElseThrow();
            for (long[] words :
                    List.of(
                            Entries.processContext(tables, tag, 48, false),
                            Entries.quiescedContext(tables, tag, 48, false))) {
                assertEquals(!shared, ContextDescriptor.ASET.isSet(words[0]));
                assertEquals(77, ContextDescriptor.ASID.get(words[0]));
            }
        }
    }
}
