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
import org.junit.jupiter.params.provider.EnumSource;
import org.opensva.api.iommu.AttachedDevice;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.SvaDomain;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.smmuv3.driver.RecordingSmmu.Written;
import org.opensva.smmuv3.layout.Command;
import org.opensva.smmuv3.layout.ControlRegisters.Cr0;
import org.opensva.smmuv3.layout.ControlRegisters.Cr2;
import org.opensva.smmuv3.layout.ControlRegisters.Gbpa;
import org.opensva.smmuv3.layout.ControlRegisters.Gerror;
import org.opensva.smmuv3.layout.ControlRegisters.IrqCtrl;
import org.opensva.smmuv3.layout.IdRegisters.Idr0;
import org.opensva.smmuv3.layout.IdRegisters.Idr1;
import org.opensva.smmuv3.layout.Opcode;
import org.opensva.smmuv3.layout.Register;
import org.opensva.smmuv3.layout.StreamTableEntry;
import org.opensva.smmuv3.layout.TableAndQueueRegisters.EventqBase;
import org.opensva.smmuv3.layout.TableAndQueueRegisters.StrtabBase;

import java.util.List;

/** How an SMMU is enabled and disabled (sections 6.3.9 and 6.3.14), and what that takes. */
@Timeout(60)
class StartAndStopTest {

    private final FlatMemory memory = new FlatMemory();
    private final RecordingSmmu smmu = new RecordingSmmu(memory, true);

    private SmmuV3Driver start() {
        return new SmmuV3Driver(smmu, memory, memory, HardwareEventSink.NONE, OpenTelemetry.noop());
    }

    private long get(Register register) {
        return smmu.read(register.offset(), register.bytes());
    }

    private void claim(Register register, long clear, long set) {
        smmu.set(register, get(register) & ~clear | set);
    }

    /** What has to be off while a register is written; 0 if that does not matter. */
    private static long offFor(Register register) {
        return switch (register) {
            case CR1, CR2, STRTAB_BASE, STRTAB_BASE_CFG -> -1L;
            case CMDQ_BASE, CMDQ_PROD, CMDQ_CONS -> Cr0.CMDQEN.mask();
            case EVENTQ_BASE, EVENTQ_PROD, EVENTQ_CONS -> Cr0.EVENTQEN.mask();
            case PRIQ_BASE, PRIQ_PROD, PRIQ_CONS -> Cr0.PRIQEN.mask();
            default -> 0;
        };
    }

    // ---- the order ----

    @Test
    void nothingPassesByWhileTheSmmuOfAFormerOwnerIsDisabledAndConfigured() {
        smmu.set(Register.GBPA, Gbpa.SHCFG.place(1));
        start();
        assertEquals(Register.GBPA, smmu.written.get(0).register());
        assertEquals(new Written(Register.CR0, 0), smmu.written.get(1));
        assertEquals(Gbpa.SHCFG.place(1) | Gbpa.ABORT.mask(), get(Register.GBPA));
    }

    @Test
    void whatIsInUseIsNotChangedAndTranslationComesLast() {
        SmmuV3Driver driver = start();
        long cr0 = 0;
        List<Written> before = List.copyOf(smmu.written);
        for (Written each : before) {
            boolean command = each.register() == Register.CMDQ_PROD && each.value() != 0;
            assertEquals(0, command ? 0 : cr0 & offFor(each.register()), each::toString);
            if (Cr0.SMMUEN.isSet(cr0Of(each))) {
                assertEquals(Cr0.SMMUEN.mask(), cr0 ^ each.value(), "all else is on before");
            }
            cr0 = each.register() == Register.CR0 ? each.value() : cr0;
        }
        assertEquals(
                Cr0.SMMUEN.mask()
                        | Cr0.PRIQEN.mask()
                        | Cr0.EVENTQEN.mask()
                        | Cr0.CMDQEN.mask()
                        | Cr0.ATSCHK.mask(),
                before.getLast().value());
        assertEquals(Register.CR0, before.getLast().register());
        assertEquals(1, before.stream().filter(w -> Cr0.SMMUEN.isSet(cr0Of(w))).count());
        driver.close();
        List<Written> end = smmu.written.subList(smmu.written.size() - 2, smmu.written.size());
        assertEquals(List.of(new Written(Register.IRQ_CTRL, 0), new Written(Register.CR0, 0)), end);
        assertTrue(Gbpa.ABORT.isSet(get(Register.GBPA)), "nothing passes by afterwards");
    }

    private static long cr0Of(Written written) {
        return written.register() == Register.CR0 ? written.value() : 0;
    }

    @Test
    void queuesStartEmptyWhereverAFormerOwnerHasLeftThem() {
        List<Register> positions =
                List.of(
                        Register.EVENTQ_PROD,
                        Register.EVENTQ_CONS,
                        Register.PRIQ_PROD,
                        Register.PRIQ_CONS);
        positions.forEach(position -> smmu.set(position, 0x8000_0003L));
        smmu.set(Register.CMDQ_CONS, 7);
        smmu.set(Register.CMDQ_PROD, 7);
        smmu.set(Register.GERROR, Gerror.CMDQ_ERR.mask() | Gerror.SFM_ERR.mask());
        start();
        positions.forEach(position -> assertEquals(0, get(position), position::toString));
        assertEquals(3, get(Register.CMDQ_PROD));
        assertEquals(
                List.of(Opcode.CFGI_STE_RANGE, Opcode.TLBI_NSNH_ALL, Opcode.SYNC), smmu.opcodes());
        assertEquals(Command.RANGE_ALL, Command.RANGE.get(smmu.seen.getFirst().w1()));
        assertEquals(get(Register.GERROR), get(Register.GERRORN), "old errors are not ours");
    }

    @Test
    void tablesAndQueuesAreOrdinaryMemoryWithTheHintsForIt() {
        start();
        assertEquals(0, get(Register.GERROR), "nothing was refused");
        assertEquals(0xd75, get(Register.CR1), "inner shareable, write-back");
        assertEquals(Cr2.RECINVSID.mask() | Cr2.PTM.mask(), get(Register.CR2));
        assertTrue(StrtabBase.RA.isSet(get(Register.STRTAB_BASE)));
        for (Register base :
                List.of(Register.CMDQ_BASE, Register.EVENTQ_BASE, Register.PRIQ_BASE)) {
            assertTrue(EventqBase.WA.isSet(get(base)), base::toString);
        }
    }

    // ---- what an SMMU has ----

    @ParameterizedTest
    @CsvSource({
        "0,0,0,0,0,0",
        "1,4,7,1,4,7",
        "10,9,9,10,9,9",
        "11,10,10,10,9,9",
        "19,19,19,10,9,9"
    })
    void queuesAreAsLargeAsTheSmmuAllowsAndNotTooLarge(
            int commands, int events, int requests, int c, int e, int r) {
        claim(
                Register.IDR1,
                Idr1.CMDQS.mask() | Idr1.EVENTQS.mask() | Idr1.PRIQS.mask(),
                Idr1.CMDQS.place(commands)
                        | Idr1.EVENTQS.place(events)
                        | Idr1.PRIQS.place(requests));
        SmmuV3Driver driver = start();
        assertEquals(c, EventqBase.LOG2SIZE.get(get(Register.CMDQ_BASE)));
        assertEquals(e, EventqBase.LOG2SIZE.get(get(Register.EVENTQ_BASE)));
        assertEquals(r, EventqBase.LOG2SIZE.get(get(Register.PRIQ_BASE)));
        driver.close();
        assertEquals(0, memory.allocatedFrames());
    }

    @Test
    void anSmmuWithoutPageRequestsHasNoQueueForThem() {
        claim(Register.IDR0, Idr0.PRI.mask(), 0);
        SmmuV3Driver driver = start();
        assertFalse(driver.capabilities().pri());
        assertFalse(Cr0.PRIQEN.isSet(get(Register.CR0)));
        assertEquals(0, get(Register.PRIQ_BASE));
        assertEquals(
                IrqCtrl.EVENTQ_IRQEN.mask() | IrqCtrl.GERROR_IRQEN.mask(), get(Register.IRQ_CTRL));
        AttachedDevice device =
                driver.attach(new FakeDevice("zip-0", 0x100, true), (from, group) -> {});
        assertFalse(device.recoversFaults());
        driver.onPriInterrupt();
        device.close();
        driver.close();
    }

    @Test
    void anSmmuWithPageRequestsInterruptsForThem() {
        start();
        assertEquals(
                IrqCtrl.EVENTQ_IRQEN.mask()
                        | IrqCtrl.GERROR_IRQEN.mask()
                        | IrqCtrl.PRIQ_IRQEN.mask(),
                get(Register.IRQ_CTRL));
    }

    @Test
    void translatedRequestsAreCheckedWhereThereAreAny() {
        claim(Register.IDR0, Idr0.ATS.mask(), 0);
        SmmuV3Driver driver = start();
        assertFalse(Cr0.ATSCHK.isSet(get(Register.CR0)));
        assertFalse(driver.capabilities().ats());
    }

    @Test
    void capabilitiesAreThoseOfTheSmmu() {
        assertEquals("smmuv3", start().capabilities().name());
        assertEquals(20, start().capabilities().pasidBits());
        assertTrue(start().capabilities().ats());
        assertTrue(start().capabilities().pri());
        assertTrue(start().capabilities().stall());
        claim(Register.IDR0, Idr0.STALL_MODEL.mask(), Idr0.STALL_MODEL.place(1));
        assertFalse(start().capabilities().stall());
    }

    // ---- hardware that does not answer, memory that is not there ----

    @ParameterizedTest
    @EnumSource(names = {"GBPA", "CR0", "IRQ_CTRL"})
    void anSmmuThatDoesNotAcknowledgeIsGivenUpAndLeftDisabled(Register deaf) {
        smmu.unacknowledged = deaf;
        ErrnoException refused = assertThrows(ErrnoException.class, this::start);
        assertEquals(Errno.EIO, refused.errno());
        assertEquals(0, memory.allocatedFrames());
        assertEquals(0, get(Register.CR0));
    }

    @Test
    void aValueThatIsBeingTakenOverIsNotOverwritten() {
        smmu.set(Register.GBPA, Gbpa.UPDATE.mask());
        assertEquals(Errno.EIO, assertThrows(ErrnoException.class, this::start).errno());
        assertEquals(List.of(), smmu.written);
    }

    @Test
    void anSmmuThatDoesNotAcknowledgeThatItIsDisabledKeepsItsMemory() {
        SmmuV3Driver driver = start();
        long frames = memory.allocatedFrames();
        smmu.unacknowledged = Register.CR0;
        assertEquals(Errno.EIO, assertThrows(ErrnoException.class, driver::close).errno());
        assertEquals(frames, memory.allocatedFrames());
    }

    @Test
    void anSmmuThatAcknowledgesNothingAnyMoreKeepsItsMemoryAndSaysSo() {
        smmu.unacknowledged = Register.IRQ_CTRL;
        smmu.set(Register.IRQ_CTRLACK, IrqCtrl.EVENTQ_IRQEN.mask());
        ErrnoException refused = assertThrows(ErrnoException.class, this::start);
        assertEquals(Errno.EIO, refused.errno());
        assertEquals(1, refused.getSuppressed().length);
        assertTrue(memory.allocatedFrames() > 0);
    }

    @Test
    void whateverMemoryIsMissingNoneIsLost() {
        for (int blocks = 0; blocks < 4; blocks++) {
            memory.blocksLeft = blocks;
            ErrnoException refused = assertThrows(ErrnoException.class, this::start);
            assertEquals(Errno.ENOMEM, refused.errno());
            assertEquals(0, memory.allocatedFrames());
        }
        memory.blocksLeft = 4;
        SmmuV3Driver driver = start();
        for (int blocks = 0; blocks < 2; blocks++) {
            memory.blocksLeft = blocks;
            FakeDevice function = new FakeDevice("zip-0", 0x100, true);
            assertEquals(
                    Errno.ENOMEM,
                    assertThrows(
                                    ErrnoException.class,
                                    () -> driver.attach(function, (from, group) -> {}))
                            .errno());
            assertEquals(List.of(), function.switches);
        }
        memory.blocksLeft = 2;
        FakeDevice function = new FakeDevice("zip-0", 0x100, true);
        AttachedDevice device = driver.attach(function, (from, group) -> {});
        FakeAddressSpace mm = new FakeAddressSpace(1, 0x4100_0000L);
        SvaDomain domain = driver.createDomain(mm);
        assertEquals(
                Errno.ENOMEM,
                assertThrows(ErrnoException.class, () -> device.bind(new Pasid(5), domain))
                        .errno());
        assertEquals(List.of("pasid true"), function.switches);
        memory.blocksLeft = 1;
        device.bind(new Pasid(5), domain);
        driver.close();
        assertEquals(0, memory.allocatedFrames());
    }

    @Test
    void everyFrameComesBackWhateverTheShapeOfTheTables() {
        for (int levels = 0; levels < 4; levels++) {
            for (int bits : new int[] {1, 6, 7, 11, 12}) {
                claim(
                        Register.IDR0,
                        Idr0.CD2L.mask() | Idr0.ST_LEVEL.mask(),
                        Idr0.ST_LEVEL.place(levels & 1) | Idr0.CD2L.place(levels >> 1));
                claim(
                        Register.IDR1,
                        Idr1.SIDSIZE.mask(),
                        Idr1.SIDSIZE.place(bits == 7 ? 8 : 16 - bits / 2));
                SmmuV3Driver driver = start();
                for (int stream : new int[] {0, 0x7f, 0xff, 0x101, 0x1ff}) {
                    if (stream >= 0x100 && bits == 7) {
                        continue;
                    }
                    FakeDevice function = new FakeDevice("zip-" + stream, stream, true);
                    function.pasidBits = bits;
                    AttachedDevice device = driver.attach(function, (from, group) -> {});
                    SvaDomain domain = driver.createDomain(new FakeAddressSpace(1, 0x4100_0000L));
                    device.bind(new Pasid(1), domain);
                    if (bits > 1) {
                        device.bind(new Pasid((1 << bits) - 1), domain);
                    }
                }
                driver.close();
                assertEquals(0, memory.allocatedFrames(), levels + " " + bits);
            }
        }
    }

    // ---- afterwards ----

    @Test
    void aDisabledSmmuIsLeftAlone() {
        SmmuV3Driver driver = start();
        AttachedDevice device =
                driver.attach(new FakeDevice("zip-0", 0x100, true), (from, group) -> {});
        FakeAddressSpace mm = new FakeAddressSpace(1, 0x4100_0000L);
        SvaDomain domain = driver.createDomain(mm);
        device.bind(new Pasid(5), domain);
        driver.close();
        smmu.set(Register.GERROR, get(Register.GERRORN) ^ Gerror.SFM_ERR.mask());
        smmu.set(Register.EVENTQ_PROD, 1);
        smmu.set(Register.PRIQ_PROD, 1);
        smmu.seen.clear();
        smmu.written.clear();
        driver.onEventInterrupt();
        driver.onPriInterrupt();
        driver.onGerrorInterrupt();
        mm.listeners.getFirst().invalidate(AddressRange.of(0x7000, 4096));
        mm.listeners.getFirst().release();
        device.close();
        domain.close();
        driver.close();
        assertEquals(List.of(), smmu.seen);
        assertEquals(List.of(), smmu.written);
        assertEquals(0, memory.allocatedFrames());
        ErrnoException refused =
                assertThrows(
                        ErrnoException.class,
                        () ->
                                driver.attach(
                                        new FakeDevice("zip-0", 0x100, true), (from, group) -> {}));
        assertEquals(Errno.ENODEV, refused.errno());
    }

    @Test
    void aDeviceThatIsClosedIsBlockedAndCanBeAttachedAgain() {
        SmmuV3Driver driver = start();
        FakeDevice function = new FakeDevice("zip-0", 0x100, true);
        AttachedDevice device = driver.attach(function, (from, group) -> {});
        device.bind(new Pasid(5), driver.createDomain(new FakeAddressSpace(1, 0x4100_0000L)));
        device.close();
        assertEquals(
                List.of(
                        "pasid true",
                        "ats true",
                        "pri true",
                        "pri false",
                        "ats false",
                        "pasid false"),
                function.switches);
        device.close();
        assertEquals(6, function.switches.size());
        long level1 = StrtabBase.ADDR.address(get(Register.STRTAB_BASE));
        long table = memory.readLong(level1 + 8) & ~0xfffL;
        assertEquals(
                StreamTableEntry.CONFIG_ABORT, StreamTableEntry.config(memory.readLong(table)));
        AttachedDevice again = driver.attach(function, (from, group) -> {});
        device.close();
        assertThrows(
                ErrnoException.class,
                () -> driver.attach(function, (from, group) -> {}),
                "the second life is attached still");
        again.close();
    }
}
