package org.opensva.smmuv3.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.memory.Access;
import org.opensva.api.memory.AddressRange;
import org.opensva.smmuv3.layout.CommandEncoder;
import org.opensva.smmuv3.layout.ContextDescriptor;
import org.opensva.smmuv3.layout.EventType;
import org.opensva.smmuv3.layout.Granule;
import org.opensva.smmuv3.layout.IdRegisters.Idr0;
import org.opensva.smmuv3.layout.Opcode;
import org.opensva.smmuv3.layout.Register;
import org.opensva.smmuv3.layout.StreamTableEntry;

/** Whose translations are whose: guests, hypervisors with and without ASIDs, and processors. */
class RegimeTest {

    private static final int ASID = 7;
    private static final int VMID = 0x55;
    private static final long VA = 0x20_0000_0000L;

    private final TestMachine machine = new TestMachine(SmmuProfile.complete());
    private final long[] command = new long[2];
    private long contexts;
    private long table;
    private long page;

    @BeforeEach
    void tables() {
        contexts = machine.allocate(64L << 8, 64L << 8);
        table = machine.newTable(Granule.K4);
        page = machine.allocate(4096, 4096);
        machine.map(table, VA, page, TestMachine.PAGE_RW);
    }

    @AfterEach
    void close() {
        machine.close();
    }

    /** The context with PASID 1. */
    private void context(int asid, boolean shared) {
        long[] cd = machine.context(table, Granule.K4, 48, asid);
        ContextDescriptor.ASET.put(cd, 0, shared ? 0 : 1);
        machine.writeWords(contexts + 64, cd);
    }

    private void begin(Regime regime, boolean shared) {
        context(ASID, shared);
        long[] ste = machine.stage1Entry(contexts, 8);
        StreamTableEntry.S2VMID.put(ste, 0, VMID);
        StreamTableEntry.STRW.put(
                ste,
                0,
                regime == Regime.EL1 ? StreamTableEntry.STRW_EL1 : StreamTableEntry.STRW_EL2);
        machine.writeWords(machine.entryAddress(TestMachine.STREAM), ste);
        machine.enable(regime == Regime.EL2_HOST);
        assertTrue(reaches());
        machine.unmap(table, VA);
        assertTrue(reaches(), "from the IOTLB");
    }

    private boolean reaches() {
        return reaches(1);
    }

    private boolean reaches(int pasid) {
        long result = machine.port.read(pasid, Access.READ, VA, new byte[8], 0, 8);
        machine.events();
        return DmaResult.isComplete(result);
    }

    private void send() {
        machine.command(command);
        machine.sync();
        assertTrue(machine.allConsumed());
    }

    private void send(Opcode opcode) {
        machine.command(opcode.code(), 0);
        machine.sync();
        assertTrue(machine.allConsumed());
    }

    private void address(Opcode opcode, int vmid, int asid, long address) {
        CommandEncoder.tlbiAddress(command, 0, opcode, vmid, asid, address, true);
        send();
    }

    @Test
    void aHypervisorsTranslationsOutliveWhatIsDoneToGuests() {
        begin(Regime.EL2, true);
        send(Opcode.TLBI_NSNH_ALL);
        CommandEncoder.tlbiNhAll(command, 0, 0);
        send();
        CommandEncoder.tlbiNhAll(command, 0, VMID);
        send();
        CommandEncoder.tlbiNhAsid(command, 0, 0, ASID);
        send();
        address(Opcode.TLBI_NH_VA, 0, ASID, VA);
        address(Opcode.TLBI_NH_VAA, 0, 0, VA);
        CommandEncoder.tlbiS12Vmall(command, 0, VMID);
        send();
        machine.command(Opcode.TLBI_EL2_ASID.code() | (long) ASID << 48, 0);
        machine.sync();
        address(Opcode.TLBI_EL2_VA, 0, ASID, VA + 4096);
        assertTrue(reaches());
        address(Opcode.TLBI_EL2_VA, 0, 0x1234, VA);
        assertFalse(reaches(), "by address, whatever the ASID says");
    }

    @Test
    void everythingOfAHypervisorDiesAtOnceAndNothingOfItsGuests() {
        for (Regime regime : new Regime[] {Regime.EL2, Regime.EL2_HOST}) {
            begin(regime, false);
            send(Opcode.TLBI_EL2_ALL);
            assertFalse(reaches(), regime.name());
            machine.map(table, VA, page, TestMachine.PAGE_RW);
            machine.smmu.write(Register.CR0.offset(), 4, 0);
            machine.invalidateConfiguration();
        }
        machine.enable();
        machine.invalidateConfiguration();
        machine.smmu.write(Register.CR0.offset(), 4, 0);
        begin(Regime.EL1, true);
        send(Opcode.TLBI_EL2_ALL);
        address(Opcode.TLBI_EL2_VA, 0, ASID, VA);
        address(Opcode.TLBI_EL2_VAA, 0, ASID, VA);
        assertTrue(reaches());
        send(Opcode.TLBI_NSNH_ALL);
        assertFalse(reaches());
    }

    @Test
    void aHypervisorWithAsidsIsToldApartByThem() {
        begin(Regime.EL2_HOST, true);
        address(Opcode.TLBI_EL2_VA, 0, ASID + 1, VA);
        machine.command(Opcode.TLBI_EL2_ASID.code() | (ASID + 1L) << 48, 0);
        machine.sync();
        address(Opcode.TLBI_NH_VA, 0, ASID, VA);
        assertTrue(reaches());
        machine.command(Opcode.TLBI_EL2_ASID.code() | (long) ASID << 48, 0);
        machine.sync();
        assertFalse(reaches());
    }

    @Test
    void anAddressOfAllAsidsOfAHypervisor() {
        begin(Regime.EL2_HOST, true);
        address(Opcode.TLBI_NH_VAA, 0, 0, VA);
        address(Opcode.TLBI_EL2_VAA, 0, 0, VA + 4096);
        assertTrue(reaches());
        address(Opcode.TLBI_EL2_VAA, 0, 0, VA);
        assertFalse(reaches());
    }

    @Test
    void withoutTheClaimThereIsNoHypervisor() {
        try (TestMachine plain = new TestMachine(SmmuProfile.nested())) {
            plain.enable();
            for (Opcode opcode :
                    new Opcode[] {
                        Opcode.TLBI_EL2_ALL,
                        Opcode.TLBI_EL2_ASID,
                        Opcode.TLBI_EL2_VA,
                        Opcode.TLBI_EL2_VAA
                    }) {
                plain.command(opcode.code(), 0);
                assertEquals(1, plain.commandError(), opcode.name());
                long at = plain.smmu.read(Register.CMDQ_CONS.offset(), 4) & 63;
                plain.writeWords(plain.commandQueue + 16 * at, 0x46, 0);
                plain.acknowledgeErrors();
            }
            plain.smmu.write(Register.CR0.offset(), 4, 0);
            plain.smmu.write(Register.CR2.offset(), 4, 0xf);
            assertEquals(0b1010, plain.smmu.read(Register.CR2.offset(), 4));
        }
    }

    @Test
    void oneLevelOfPrivilegeKnowsNoUser() {
        begin(Regime.EL2, true);
        send(Opcode.TLBI_EL2_ALL);
        // AP[1] at 0 and PXN at 1 mean nothing here; XN and the upper half of addresses do.
        machine.map(table, VA, page, TestMachine.PAGE_RW & ~(1L << 6) | 1L << 53);
        assertTrue(reaches());
        assertTrue(
                DmaResult.isComplete(machine.port.read(1, Access.EXECUTE, VA, new byte[8], 0, 8)));
        machine.map(table, VA + 4096, page, TestMachine.PAGE_RW | 1L << 54);
        machine.port.read(1, Access.EXECUTE, VA + 4096, new byte[8], 0, 8);
        assertEquals(EventType.F_PERMISSION, machine.event().type());
        machine.port.read(1, Access.READ, -4096L, new byte[8], 0, 8);
        assertEquals(EventType.F_TRANSLATION, machine.event().type());
    }

    private static BroadcastTlbi range(BroadcastTlbi.Scope scope, int asid, int vmid, long va) {
        return new BroadcastTlbi(scope, asid, vmid, AddressRange.of(va, 4096), true);
    }

    @Test
    void processorsReachWhatIsSharedWithThem() {
        begin(Regime.EL1, true);
        SmmuV3 smmu = machine.smmu;
        smmu.broadcast(range(BroadcastTlbi.Scope.VAE1, ASID, VMID + 1, VA));
        smmu.broadcast(range(BroadcastTlbi.Scope.VAE1, ASID + 1, VMID, VA));
        smmu.broadcast(range(BroadcastTlbi.Scope.VAE1, ASID, VMID, VA + 4096));
        smmu.broadcast(range(BroadcastTlbi.Scope.IPAS2E1, ASID, VMID, VA));
        smmu.broadcast(BroadcastTlbi.of(BroadcastTlbi.Scope.ALLE2, 0, 0));
        smmu.broadcast(range(BroadcastTlbi.Scope.VAE2, ASID, VMID, VA));
        smmu.broadcast(range(BroadcastTlbi.Scope.VAE2_HOST, ASID, VMID, VA));
        smmu.broadcast(BroadcastTlbi.of(BroadcastTlbi.Scope.ASIDE1, ASID, VMID + 1));
        smmu.broadcast(BroadcastTlbi.of(BroadcastTlbi.Scope.VMALLE1, 0, VMID + 1));
        smmu.completeBroadcasts();
        assertTrue(reaches());
        smmu.broadcast(range(BroadcastTlbi.Scope.VAE1, ASID, VMID, VA));
        smmu.completeBroadcasts();
        assertFalse(reaches());
    }

    @Test
    void everyOtherScopeOfAGuestReachesIt() {
        for (BroadcastTlbi message :
                new BroadcastTlbi[] {
                    BroadcastTlbi.of(BroadcastTlbi.Scope.ALLE1, 0, 0),
                    BroadcastTlbi.of(BroadcastTlbi.Scope.VMALLE1, 0, VMID),
                    BroadcastTlbi.of(BroadcastTlbi.Scope.VMALLS12E1, 0, VMID),
                    BroadcastTlbi.of(BroadcastTlbi.Scope.ASIDE1, ASID, VMID),
                    range(BroadcastTlbi.Scope.VAAE1, 0, VMID, VA),
                    new BroadcastTlbi(
                            BroadcastTlbi.Scope.VAE1, ASID, VMID, AddressRange.WHOLE, false)
                }) {
            machine.map(table, VA, page, TestMachine.PAGE_RW);
            begin(Regime.EL1, true);
            machine.smmu.broadcast(message);
            assertFalse(reaches(), message.toString());
        }
    }

    @Test
    void anAddressSpaceOfItsOwnIgnoresBroadcastsByAsid() {
        begin(Regime.EL1, false);
        machine.smmu.broadcast(range(BroadcastTlbi.Scope.VAE1, ASID, VMID, VA));
        machine.smmu.broadcast(BroadcastTlbi.of(BroadcastTlbi.Scope.ASIDE1, ASID, VMID));
        assertTrue(reaches(), "CD.ASET");
        machine.smmu.broadcast(range(BroadcastTlbi.Scope.VAAE1, 0, VMID, VA));
        assertFalse(reaches(), "all ASIDs are all ASIDs");
        machine.map(table, VA, page, TestMachine.PAGE_RW);
        assertTrue(reaches());
        machine.unmap(table, VA);
        CommandEncoder.tlbiNhAsid(command, 0, VMID, ASID);
        send();
        assertFalse(reaches(), "commands disregard CD.ASET");
    }

    @Test
    void processorsReachTheirHypervisor() {
        begin(Regime.EL2, true);
        machine.smmu.broadcast(range(BroadcastTlbi.Scope.VAE2_HOST, ASID, 0, VA));
        machine.smmu.broadcast(BroadcastTlbi.of(BroadcastTlbi.Scope.ALLE1, 0, 0));
        assertTrue(reaches());
        machine.smmu.broadcast(range(BroadcastTlbi.Scope.VAE2, 0, 0, VA));
        assertFalse(reaches());
        machine.map(table, VA, page, TestMachine.PAGE_RW);
        machine.smmu.write(Register.CR0.offset(), 4, 0);
        machine.invalidateConfiguration();
        machine.smmu.write(Register.CR0.offset(), 4, TestMachine.CMDQEN);
        machine.invalidateConfiguration();
        machine.smmu.write(Register.CR0.offset(), 4, 0);
        begin(Regime.EL2_HOST, true);
        machine.smmu.broadcast(range(BroadcastTlbi.Scope.VAE2, 0, 0, VA));
        machine.smmu.broadcast(BroadcastTlbi.of(BroadcastTlbi.Scope.ASIDE2_HOST, ASID + 1, 0));
        assertTrue(reaches());
        machine.smmu.broadcast(BroadcastTlbi.of(BroadcastTlbi.Scope.ASIDE2_HOST, ASID, 0));
        assertFalse(reaches());
    }

    @Test
    void whatIsGlobalIsSoWithinItsAsidSet() {
        machine.map(table, VA, page, TestMachine.PAGE_RW & ~(1L << 11));
        for (int pasid = 2; pasid < 4; pasid++) {
            long[] cd = machine.context(table, Granule.K4, 48, ASID + pasid);
            ContextDescriptor.ASET.put(cd, 0, pasid == 2 ? 1 : 0);
            machine.writeWords(contexts + 64L * pasid, cd);
        }
        begin(Regime.EL1, true);
        assertFalse(reaches(2), "section 3.17.1");
        assertTrue(reaches(3));
        machine.smmu.broadcast(BroadcastTlbi.of(BroadcastTlbi.Scope.ASIDE1, ASID, VMID));
        assertTrue(reaches(3), "not by ASID");
        machine.smmu.broadcast(range(BroadcastTlbi.Scope.VAE1, ASID + 100, VMID, VA));
        assertFalse(reaches(3), "by address, whatever the ASID");
    }

    @Test
    void aHypervisorsAddressSpaceOfItsOwnIgnoresBroadcastsByAddress() {
        begin(Regime.EL2, false);
        machine.smmu.broadcast(range(BroadcastTlbi.Scope.VAE2, 0, 0, VA));
        assertTrue(reaches(), "CD.ASET, section 3.17");
        machine.smmu.broadcast(BroadcastTlbi.of(BroadcastTlbi.Scope.ALLE2, 0, 0));
        assertFalse(reaches());
    }

    @Test
    void aPrivateSmmuHearsNoBroadcast() {
        begin(Regime.EL1, true);
        machine.smmu.write(Register.CR0.offset(), 4, 0);
        machine.smmu.write(Register.CR2.offset(), 4, 0b1110);
        machine.smmu.write(Register.CR0.offset(), 4, 0b1101);
        machine.smmu.broadcast(BroadcastTlbi.of(BroadcastTlbi.Scope.ALLE1, 0, 0));
        machine.smmu.completeBroadcasts();
        assertTrue(reaches(), "SMMU_CR2.PTM");
    }

    @Test
    void withoutStage2EverythingBelongsToMachineZero() {
        SmmuProfile base = SmmuProfile.sva();
        SmmuProfile profile =
                base.withIdentification(
                        base.idr0() | Idr0.BTM.mask(), base.idr1(), base.idr3(), base.idr5(), 0, 2);
        try (TestMachine other = new TestMachine(profile)) {
            long cds = other.allocate(64L << 8, 64L << 8);
            long root = other.newTable(Granule.K4);
            long[] cd = other.context(root, Granule.K4, 48, ASID);
            ContextDescriptor.ASET.put(cd, 0, 0);
            other.writeWords(cds + 64, cd);
            other.stage1(cds, 8);
            other.enable();
            other.map(root, VA, page, TestMachine.PAGE_RW);
            assertTrue(read(other));
            other.unmap(root, VA);
            other.smmu.broadcast(range(BroadcastTlbi.Scope.VAE1, ASID, 1, VA));
            other.smmu.broadcast(BroadcastTlbi.of(BroadcastTlbi.Scope.VMALLE1, 0, 1));
            assertTrue(read(other));
            other.smmu.broadcast(range(BroadcastTlbi.Scope.VAE1, ASID, 0, VA));
            assertFalse(read(other));
        }
    }

    private static boolean read(TestMachine other) {
        return DmaResult.isComplete(other.port.read(1, Access.READ, VA, new byte[8], 0, 8));
    }
}
