package org.opensva.smmuv3.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.smmuv3.driver.RecordingSmmu.Seen;
import org.opensva.smmuv3.layout.Command;
import org.opensva.smmuv3.layout.ContextDescriptor;
import org.opensva.smmuv3.layout.Level1ContextDescriptor;
import org.opensva.smmuv3.layout.Level1StreamTableDescriptor;
import org.opensva.smmuv3.layout.Opcode;
import org.opensva.smmuv3.layout.StreamTableEntry;

import java.util.ArrayList;
import java.util.List;

/**
 * Hardware keeps what it has read of a table until it is told (section 3.21.3), so every change of
 * an entry is followed by the command that names it and by a CMD_SYNC, and by nothing else before.
 */
@Timeout(60)
class TableUpdateTest {

    private static final int STREAM = 0x100;

    private final DriverParts parts = new DriverParts();
    private final RecordingSmmu smmu = parts.smmu;
    private final SmmuDevice device = parts.device(STREAM);

    private long level1(int pasid) {
        long stream = parts.context.streams().entry(STREAM, () -> {});
        long table = StreamTableEntry.S1CONTEXTPTR.address(parts.memory.readLong(stream));
        return table + (long) (pasid >>> 10) * Level1ContextDescriptor.BYTES;
    }

    private long contextOf(int pasid) {
        long leaf = Level1ContextDescriptor.leafTable(parts.memory.readLong(level1(pasid)));
        return leaf + (pasid & 1023L) * ContextDescriptor.BYTES;
    }

    private void bind(int pasid) {
        device.bind(new Pasid(pasid), parts.domain(pasid));
    }

    private static void isContextInvalidation(Seen command, int pasid, boolean leaf) {
        assertEquals(Opcode.CFGI_CD, command.opcode());
        assertEquals(STREAM, command.streamId());
        assertEquals(pasid, Command.substreamId(command.w0()));
        assertEquals(leaf, (command.w1() & 1) != 0, "leaf");
    }

    @Test
    void aContextIsInvalidatedBeforeItIsValidAndAfterwards() {
        bind(5);
        smmu.watch = contextOf(6);
        List<Opcode> commands = parts.commandsOf(() -> bind(6));
        assertEquals(
                List.of(
                        Opcode.CFGI_CD,
                        Opcode.SYNC,
                        Opcode.CFGI_CD,
                        Opcode.SYNC,
                        Opcode.ATC_INV,
                        Opcode.SYNC),
                commands);
        isContextInvalidation(smmu.seen.get(0), 6, true);
        assertEquals(0, smmu.seen.get(0).watched());
        isContextInvalidation(smmu.seen.get(2), 6, true);
        assertTrue(ContextDescriptor.valid(smmu.seen.get(2).watched()));
    }

    @Test
    void aContextOfOneOfSeveralPasidsIsInvalidatedWhenItIsClearedAndThenTheAtcOfThatPasid() {
        bind(5);
        bind(6);
        smmu.watch = contextOf(6);
        List<Opcode> commands = parts.commandsOf(() -> device.unbind(new Pasid(6)));
        assertEquals(List.of(Opcode.CFGI_CD, Opcode.SYNC), commands.subList(0, 2));
        isContextInvalidation(smmu.seen.get(0), 6, true);
        assertTrue(!ContextDescriptor.valid(smmu.seen.get(0).watched()));
        Seen last = smmu.seen.get(commands.lastIndexOf(Opcode.ATC_INV));
        assertTrue(Command.ssv(last.w0()));
        assertEquals(6, Command.substreamId(last.w0()));
    }

    @Test
    void aLeafTableIsLinkedAndThenTheDescriptorAboveItIsInvalidated() {
        bind(5);
        smmu.watch = level1(1024);
        List<Opcode> commands = parts.commandsOf(() -> bind(1024));
        assertEquals(List.of(Opcode.CFGI_CD, Opcode.SYNC), commands.subList(0, 2));
        isContextInvalidation(smmu.seen.getFirst(), 1024, false);
        assertTrue(Level1ContextDescriptor.valid(smmu.seen.getFirst().watched()));
    }

    @Test
    void aStreamsTableIsLinkedAndThenTheDescriptorAboveItIsInvalidated() {
        int other = 0x300;
        smmu.watch = parts.context.streams().base() + 3L * Level1StreamTableDescriptor.BYTES;
        parts.commandsOf(() -> parts.device(other));
        Seen first = smmu.seen.getFirst();
        assertEquals(Opcode.CFGI_STE, first.opcode());
        assertEquals(other, first.streamId());
        assertEquals(0, first.w1() & 1, "not only leaves");
        assertNotEquals(0, Level1StreamTableDescriptor.SPAN.get(first.watched()));
        assertEquals(Opcode.SYNC, smmu.seen.get(1).opcode());
        Seen second = smmu.seen.get(2);
        assertEquals(Opcode.CFGI_STE, second.opcode());
        assertEquals(1, second.w1() & 1, "only the leaf");
    }

    @Test
    void anInvalidationWhileTheContextBecomesValidReachesTheDevice() {
        bind(6); // so that there is a leaf table
        device.unbind(new Pasid(6));
        SmmuDomain domain = parts.domain(1);
        smmu.seen.clear();
        List<Integer> told = new ArrayList<>();
        smmu.before(
                Opcode.CFGI_CD,
                STREAM,
                () -> {
                    domain.invalidate(AddressRange.of(0x7000, 4096));
                    told.addAll(parts.asked());
                });
        device.bind(new Pasid(5), domain);
        assertEquals(List.of(STREAM), told);
    }

    @Test
    void anInvalidationWhileTheContextIsClearedReachesTheDevice() {
        SmmuDomain domain = parts.domain(1);
        device.bind(new Pasid(5), domain);
        List<Integer> told = new ArrayList<>();
        smmu.seen.clear();
        smmu.before(
                Opcode.CFGI_CD,
                STREAM,
                () -> {
                    domain.invalidate(AddressRange.of(0x7000, 4096));
                    told.addAll(parts.asked());
                });
        device.unbind(new Pasid(5));
        assertEquals(List.of(STREAM), told);
    }

    @Test
    void aDeviceThatIsIsolatedWhileItIsBoundStaysBlocked() {
        bind(6);
        device.unbind(new Pasid(6));
        smmu.before(Opcode.CFGI_CD, STREAM, device::isolate);
        bind(5);
        long entry = parts.memory.readLong(parts.context.streams().entry(STREAM, () -> {}));
        assertEquals(StreamTableEntry.CONFIG_ABORT, StreamTableEntry.config(entry));
        assertEquals(1, parts.faults.size());
    }

    @Test
    void aTagThatIsBeingFlushedIsNotHandedOut() {
        SmmuDomain domain = parts.domain(1);
        for (int i = 1; i < 255; i++) {
            parts.context.asids().allocate();
        }
        List<Errno> refused = new ArrayList<>();
        smmu.before(
                Opcode.TLBI_NH_ASID,
                -1,
                () ->
                        refused.add(
                                assertThrows(
                                                ErrnoException.class,
                                                () -> parts.context.asids().allocate())
                                        .errno()));
        domain.close();
        assertEquals(List.of(Errno.ENOSPC), refused);
        assertEquals(domain.tag().asid(), parts.context.asids().allocate());
    }
}
