package org.opensva.smmuv3.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.opentelemetry.api.OpenTelemetry;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.opensva.api.iommu.AttachedDevice;
import org.opensva.api.iommu.FaultRecord;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.SvaDomain;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.smmuv3.layout.ContextDescriptor;
import org.opensva.smmuv3.layout.IdRegisters.Idr0;
import org.opensva.smmuv3.layout.IdRegisters.Idr1;
import org.opensva.smmuv3.layout.Level1ContextDescriptor;
import org.opensva.smmuv3.layout.Level1StreamTableDescriptor;
import org.opensva.smmuv3.layout.Opcode;
import org.opensva.smmuv3.layout.Register;
import org.opensva.smmuv3.layout.StreamTableEntry;
import org.opensva.smmuv3.layout.TableAndQueueRegisters.StrtabBase;

import java.util.ArrayList;
import java.util.List;

/** What a device and the SMMU can do decides what is switched on, and how its tables look. */
@Timeout(60)
class DeviceAbilitiesTest {

    private static final int STREAM = 0x100;
    private static final Pasid PASID = new Pasid(5);
    private static final AddressRange PAGE = AddressRange.of(0x7000, 4096);

    private final FlatMemory memory = new FlatMemory();
    private final RecordingSmmu smmu = new RecordingSmmu(memory, true);
    private final FakeDevice zip = new FakeDevice("zip-0", STREAM, true);
    private final FakeAddressSpace mm = new FakeAddressSpace(1, 0x4100_0000L);
    private final List<FaultRecord> faults = new ArrayList<>();

    private SmmuV3Driver driver() {
        SmmuV3Driver driver =
                new SmmuV3Driver(
                        smmu, memory, memory, HardwareEventSink.NONE, OpenTelemetry.noop());
        driver.onFault(faults::add);
        return driver;
    }

    private void claim(Register register, long clear, long set) {
        smmu.set(register, smmu.read(register.offset(), 4) & ~clear | set);
    }

    private AttachedDevice attach(SmmuV3Driver driver) {
        return driver.attach(zip, (from, group) -> {});
    }

    private long streamEntry() {
        long base = StrtabBase.ADDR.address(smmu.read(Register.STRTAB_BASE.offset(), 8));
        long level1 = memory.readLong(base + (STREAM >> 8) * Level1StreamTableDescriptor.BYTES);
        return Level1StreamTableDescriptor.arrayAddress(level1)
                + (STREAM & 0xff) * StreamTableEntry.BYTES;
    }

    private boolean blocked() {
        return StreamTableEntry.config(memory.readLong(streamEntry()))
                == StreamTableEntry.CONFIG_ABORT;
    }

    private long context(int pasid) {
        long table = StreamTableEntry.S1CONTEXTPTR.address(memory.readLong(streamEntry()));
        long leaf = Level1ContextDescriptor.leafTable(memory.readLong(table));
        return memory.readLong(leaf + (long) pasid * ContextDescriptor.BYTES);
    }

    private List<Opcode> commandsOf(Runnable action) {
        smmu.seen.clear();
        action.run();
        return smmu.opcodes();
    }

    private long atcInvalidationsOf(Runnable action) {
        return commandsOf(action).stream().filter(Opcode.ATC_INV::equals).count();
    }

    private static Errno refused(Runnable action) {
        return assertThrows(ErrnoException.class, action::run).errno();
    }

    // ---- faults: page requests, or stalls ----

    @ParameterizedTest
    @CsvSource({
        // stall model, PRI, stalls of the device: recovers, CD.S, STE.S1STALLD
        "0,true,true,true,0,1",
        "0,true,false,true,0,1",
        "0,false,true,true,1,0",
        "0,false,false,false,0,1",
        "1,true,true,true,0,0",
        "1,false,true,false,0,0",
        "1,false,false,false,0,0",
        "2,true,true,true,1,0",
        "2,false,true,true,1,0",
        "2,false,false,false,1,0",
    })
    void faultsArePageRequestsWhereBothCanOtherwiseStallsWhereBothCan(
            int model, boolean pri, boolean stall, boolean recovers, int stalls, int disabled) {
        claim(Register.IDR0, Idr0.STALL_MODEL.mask(), Idr0.STALL_MODEL.place(model));
        zip.pri = pri;
        zip.stall = stall;
        SmmuV3Driver driver = driver();
        AttachedDevice device = attach(driver);
        device.bind(PASID, driver.createDomain(mm));
        assertEquals(recovers, device.recoversFaults());
        assertEquals(stalls, ContextDescriptor.S.get(context(5)));
        long word1 = memory.readLong(streamEntry() + 8);
        assertEquals(disabled, StreamTableEntry.S1STALLD.get(word1));
        assertEquals(StreamTableEntry.EATS_FULL, StreamTableEntry.EATS.get(word1));
        assertEquals(pri, zip.switches.contains("pri true"));
        mm.listeners.getFirst().release();
        assertEquals(model == 2 ? 1 : 0, ContextDescriptor.S.get(context(5)));
        device.unbind(PASID);
        assertEquals(pri, zip.switches.contains("pri false"));
    }

    // ---- an ATC, or none ----

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whoHasNoAtcIsNotToldOfChanges(boolean ofTheDevice) {
        FakeDevice plain = new FakeDevice("dma-0", STREAM, !ofTheDevice);
        claim(Register.IDR0, ofTheDevice ? 0 : Idr0.ATS.mask(), 0);
        SmmuV3Driver driver = driver();
        AttachedDevice device = driver.attach(plain, (from, group) -> {});
        SvaDomain domain = driver.createDomain(mm);
        assertEquals(
                0,
                atcInvalidationsOf(() -> {
                    device.bind(PASID, domain);
                    device.bind(new Pasid(6), domain);
                    mm.listeners.getFirst().invalidate(PAGE);
                    device.unbind(PASID);
                    device.unbind(new Pasid(6));
                }));
        assertEquals(List.of("pasid true"), plain.switches);
        assertFalse(device.recoversFaults());
    }

    @Test
    void whoHasNoAtcHasNoTranslatedRequestsEither() {
        FakeDevice plain = new FakeDevice("dma-0", STREAM, false);
        SmmuV3Driver driver = driver();
        driver.attach(plain, (from, group) -> {}).bind(PASID, driver.createDomain(mm));
        assertEquals(
                StreamTableEntry.EATS_DISABLED,
                StreamTableEntry.EATS.get(memory.readLong(streamEntry() + 8)));
    }

    /** Some devices obey only when they have been told several times. */
    @Test
    void whoHasToBeToldThreeTimesIsToldThreeTimesEveryTime() {
        zip.invalidationsNeeded = 3;
        SmmuV3Driver driver = driver();
        AttachedDevice device = attach(driver);
        SvaDomain domain = driver.createDomain(mm);
        assertEquals(3, atcInvalidationsOf(() -> device.bind(PASID, domain)));
        assertEquals(3, atcInvalidationsOf(() -> device.bind(new Pasid(6), domain)));
        assertEquals(6, atcInvalidationsOf(() -> mm.listeners.getFirst().invalidate(PAGE)));
        assertEquals(3, atcInvalidationsOf(() -> device.unbind(new Pasid(6))));
        smmu.silentStreams.add(STREAM);
        assertEquals(6, atcInvalidationsOf(() -> mm.listeners.getFirst().invalidate(PAGE)));
        assertEquals(1, faults.size());
    }

    @Test
    void aDeviceThatIsBlockedIsSpokenToNoMore() {
        SmmuV3Driver driver = driver();
        AttachedDevice device = attach(driver);
        SvaDomain domain = driver.createDomain(mm);
        device.bind(PASID, domain);
        device.bind(new Pasid(6), domain);
        smmu.silentStreams.add(STREAM);
        // The first PASID is enough to know that it is silent; the second is not asked for.
        assertEquals(3, atcInvalidationsOf(() -> mm.listeners.getFirst().invalidate(PAGE)));
        assertTrue(blocked());
        assertEquals(1, faults.size());
        assertEquals(STREAM, faults.getFirst().requester().value());
        assertEquals(
                "ATC invalidation time-out, zip-0 (stream 256) is blocked",
                faults.getFirst().architectural());
        assertEquals(
                0,
                atcInvalidationsOf(() -> {
                    mm.listeners.getFirst().invalidate(PAGE);
                    device.unbind(PASID);
                    device.unbind(new Pasid(6));
                }));
        assertTrue(blocked());
        assertEquals(1, faults.size());
    }

    // ---- PASIDs ----

    @ParameterizedTest
    @CsvSource({"0,20,0", "1,20,2", "16,20,65536", "20,20,1048576", "20,8,256", "8,8,256"})
    void thereAreAsManyPasidsAsBothHave(int ofTheDevice, int ofTheSmmu, int max) {
        claim(Register.IDR1, Idr1.SSIDSIZE.mask(), Idr1.SSIDSIZE.place(ofTheSmmu));
        zip.pasidBits = ofTheDevice;
        SmmuV3Driver driver = driver();
        AttachedDevice device = attach(driver);
        assertEquals(max, device.maxPasids());
        assertEquals(max > 0, zip.switches.contains("pasid true"));
        SvaDomain domain = driver.createDomain(mm);
        assertEquals(Errno.EINVAL, refused(() -> device.bind(new Pasid(0), domain)));
        if (max > 0) {
            device.bind(new Pasid(max - 1), domain);
        }
        if (max <= Pasid.MAX) {
            ErrnoException refused =
                    assertThrows(ErrnoException.class, () -> device.bind(new Pasid(max), domain));
            assertEquals(Errno.EINVAL, refused.errno());
            String reason = max == 0 ? "it has no PASIDs" : "allowed: 1 to " + (max - 1);
            assertTrue(String.valueOf(refused.getMessage()).endsWith(reason), refused::toString);
        }
        device.close();
        assertEquals(max > 0, zip.switches.contains("pasid false"));
    }

    @Test
    void aDeviceWithoutPasidsHasNoUseForItsAtc() {
        zip.pasidBits = 0;
        assertFalse(attach(driver()).recoversFaults());
    }

    // ---- refusals ----

    @Test
    void onlyADomainOfThisSmmuIsBound() {
        SmmuV3Driver driver = driver();
        AttachedDevice device = attach(driver);
        FlatMemory elsewhere = new FlatMemory();
        SmmuV3Driver other =
                new SmmuV3Driver(
                        new RecordingSmmu(elsewhere, true),
                        elsewhere,
                        elsewhere,
                        HardwareEventSink.NONE,
                        OpenTelemetry.noop());
        SvaDomain foreign = other.createDomain(mm);
        assertEquals(Errno.EINVAL, refused(() -> device.bind(PASID, foreign)));
        assertEquals(Errno.EINVAL, refused(() -> device.unbind(PASID)));
        assertTrue(blocked());
    }

    @Test
    void aDeviceThatIsGoneOrClosedIsNotBound() {
        SmmuV3Driver driver = driver();
        AttachedDevice device = attach(driver);
        SvaDomain domain = driver.createDomain(mm);
        zip.present = false;
        assertEquals(Errno.ENODEV, refused(() -> device.bind(PASID, domain)));
        zip.present = true;
        device.bind(PASID, domain);
        device.close();
        assertEquals(Errno.ENODEV, refused(() -> device.bind(PASID, domain)));
    }

    @ParameterizedTest
    @CsvSource({"ats true", "pri true"})
    void aBindThatFailsHalfwayLeavesNoTrace(String broken) {
        SmmuV3Driver driver = driver();
        AttachedDevice device = attach(driver);
        SvaDomain domain = driver.createDomain(mm);
        zip.broken = broken;
        assertEquals(Errno.EIO, refused(() -> device.bind(PASID, domain)));
        assertTrue(blocked());
        assertFalse(zip.isAtsEnabled());
        assertEquals(0, atcInvalidationsOf(() -> mm.listeners.getFirst().invalidate(PAGE)));
        zip.broken = "";
        device.bind(new Pasid(6), domain);
        assertFalse(blocked());
        assertEquals(0, context(5), "what was not bound does not translate for others' sake");
        device.bind(PASID, domain);
        assertEquals(2, atcInvalidationsOf(() -> mm.listeners.getFirst().invalidate(PAGE)));
    }

    @Test
    void anAttachmentThatFailsHalfwayGivesItsTableBack() {
        SmmuV3Driver driver = driver();
        attach(driver).close();
        long frames = memory.allocatedFrames();
        zip.broken = "pasid true";
        assertEquals(Errno.EIO, refused(() -> attach(driver)));
        assertEquals(frames, memory.allocatedFrames());
        zip.broken = "";
        attach(driver);
    }

    @Test
    void streamsBeyondTheTableAreNotBehindThisSmmu() {
        SmmuV3Driver driver = driver();
        driver.attach(new FakeDevice("last", 0xffff, true), (from, group) -> {});
        for (int stream : new int[] {0x1_0000, Integer.MIN_VALUE, -1}) {
            FakeDevice far = new FakeDevice("far", stream, true);
            assertEquals(Errno.ENODEV, refused(() -> driver.attach(far, (from, group) -> {})));
        }
    }

    // ---- domains ----

    @Test
    void anAddressSpaceThatCannotBeWalkedOrListenedToGetsNoDomainAndKeepsNoTag() {
        claim(Register.IDR0, Idr0.ASID16.mask() | Idr0.COHACC.mask(), 0);
        SmmuV3Driver incoherent = driver();
        assertEquals(Errno.EOPNOTSUPP, refused(() -> incoherent.createDomain(mm)));
        claim(Register.IDR0, 0, Idr0.COHACC.mask());
        SmmuV3Driver driver = driver();
        mm.visible = false;
        assertEquals(Errno.EOPNOTSUPP, refused(() -> driver.createDomain(mm)));
        mm.visible = true;
        mm.dying = true;
        for (int i = 0; i < 300; i++) {
            assertEquals(Errno.EINVAL, refused(() -> driver.createDomain(mm)));
        }
        mm.dying = false;
        driver.createDomain(mm).close();
    }

    @Test
    void aDomainIsThatOfItsAddressSpaceAndClosedOnceWhenNobodyUsesItAnyMore() {
        SmmuV3Driver driver = driver();
        AttachedDevice device = attach(driver);
        SvaDomain domain = driver.createDomain(mm);
        assertEquals(mm, domain.addressSpace());
        device.bind(PASID, domain);
        assertEquals(domain.asid().orElseThrow(), ContextDescriptor.ASID.get(context(5)));
        device.bind(new Pasid(6), domain);
        for (int bound = 2; bound > 0; bound--) {
            IllegalStateException refused =
                    assertThrows(IllegalStateException.class, domain::close);
            assertEquals(
                    "the domain is still bound to " + bound + " devices; unbind them first",
                    refused.getMessage());
            device.unbind(new Pasid(4 + bound));
        }
        assertEquals(List.of(Opcode.TLBI_NH_ASID, Opcode.SYNC), commandsOf(domain::close));
        assertEquals(List.of(), commandsOf(domain::close));
        assertEquals(List.of(), mm.listeners);
        assertEquals(Errno.EINVAL, refused(() -> device.bind(PASID, domain)));
    }
}
