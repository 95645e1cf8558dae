package org.opensva.smmuv3.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.smmuv3.layout.ContextDescriptor;
import org.opensva.smmuv3.layout.Level1ContextDescriptor;
import org.opensva.smmuv3.layout.Level1StreamTableDescriptor;
import org.opensva.smmuv3.layout.StreamTableEntry;
import org.opensva.smmuv3.layout.TableAndQueueRegisters.StrtabBaseCfg;

import java.util.ArrayList;
import java.util.List;

/** The shapes of the stream table and of context tables (sections 3.3.1, 3.3.2, 5.1 and 5.3). */
class TablesTest {

    private final FlatMemory memory = new FlatMemory();

    @ParameterizedTest
    @CsvSource({
        // claimed stream bits, two levels allowed: two levels, bits
        "0,true,false,0",
        "8,true,false,8",
        "9,true,true,9",
        "16,true,true,16",
        "20,true,true,20",
        "32,true,true,20",
        "9,false,false,9",
        "12,false,false,12",
        "13,false,false,12",
        "32,false,false,12",
    })
    void aStreamTableHasTwoLevelsWhereTheyAreOfUse(
            int claimed, boolean allowed, boolean twoLevel, int bits) {
        StreamTable streams = new StreamTable(memory, memory, claimed, allowed);
        long configuration = streams.configuration();
        assertEquals(
                twoLevel ? StrtabBaseCfg.FMT_2LVL : StrtabBaseCfg.FMT_LINEAR,
                StrtabBaseCfg.FMT.get(configuration));
        assertEquals(bits, StrtabBaseCfg.LOG2SIZE.get(configuration));
        assertEquals(twoLevel ? 8 : 0, StrtabBaseCfg.SPLIT.get(configuration));
        long bytes = twoLevel ? 8L << bits - 8 : 64L << bits;
        assertEquals(Math.max(1, bytes >> 12), memory.allocatedFrames());
        assertTrue(streams.covers(0));
        assertTrue(streams.covers((1 << bits) - 1));
        assertFalse(streams.covers(1 << bits));
        assertFalse(streams.covers(-1));
        streams.free();
        assertEquals(0, memory.allocatedFrames());
    }

    /** Where the SMMU looks for an entry (section 3.3.1). */
    private long streamEntry(StreamTable streams, int streamId) {
        if (StrtabBaseCfg.FMT.get(streams.configuration()) == StrtabBaseCfg.FMT_LINEAR) {
            return streams.base() + 64L * streamId;
        }
        long descriptor = memory.readLong(streams.base() + 8L * (streamId >>> 8));
        assertEquals(9, Level1StreamTableDescriptor.span(descriptor));
        return Level1StreamTableDescriptor.arrayAddress(descriptor) + 64L * (streamId & 0xff);
    }

    @ParameterizedTest
    @CsvSource({"true", "false"})
    void everyStreamHasAnEntryOfItsOwnWhereTheSmmuLooksForIt(boolean twoLevel) {
        StreamTable streams = new StreamTable(memory, memory, 11, twoLevel);
        List<Long> entries = new ArrayList<>();
        List<Integer> linked = new ArrayList<>();
        for (int stream = 0; stream < 1 << 11; stream++) {
            int each = stream;
            long entry = streams.entry(stream, () -> linked.add(each));
            assertEquals(streamEntry(streams, stream), entry);
            entries.add(entry);
        }
        assertEquals(1 << 11, entries.stream().distinct().count());
        assertEquals(
                twoLevel ? List.of(0, 256, 512, 768, 1024, 1280, 1536, 1792) : List.of(), linked);
        streams.free();
        assertEquals(0, memory.allocatedFrames());
    }

    @ParameterizedTest
    @CsvSource({
        // PASID bits, two levels allowed: two levels, bytes of the first
        "0,true,false,64",
        "6,true,false,4096",
        "7,true,true,8",
        "10,true,true,8",
        "11,true,true,16",
        "20,true,true,8192",
        "7,false,false,8192",
        "12,false,false,262144",
    })
    void aContextTableHasTwoLevelsWhereTheyAreOfUse(
            int bits, boolean allowed, boolean twoLevel, long bytes) {
        ContextTable contexts = new ContextTable(memory, memory, bits, allowed);
        assertEquals(
                twoLevel ? StreamTableEntry.S1FMT_64K_L2 : StreamTableEntry.S1FMT_LINEAR,
                contexts.format());
        assertEquals(bits, contexts.maxBits());
        assertEquals(bytes + 4095 >> 12, memory.allocatedFrames());
        contexts.free();
        assertEquals(0, memory.allocatedFrames());
    }

    @ParameterizedTest
    @CsvSource({"true", "false"})
    void everyPasidHasADescriptorOfItsOwnWhereTheSmmuLooksForIt(boolean twoLevel) {
        ContextTable contexts = new ContextTable(memory, memory, 12, twoLevel);
        List<Long> entries = new ArrayList<>();
        List<Integer> linked = new ArrayList<>();
        for (int pasid = 0; pasid < 1 << 12; pasid++) {
            int each = pasid;
            long entry = contexts.entry(pasid, () -> linked.add(each));
            long table =
                    twoLevel
                            ? Level1ContextDescriptor.leafTable(
                                    memory.readLong(contexts.base() + 8L * (pasid >>> 10)))
                            : contexts.base();
            int index = twoLevel ? pasid & 1023 : pasid;
            assertEquals(table + (long) index * ContextDescriptor.BYTES, entry);
            entries.add(entry);
        }
        assertEquals(1 << 12, entries.stream().distinct().count());
        assertEquals(twoLevel ? List.of(0, 1024, 2048, 3072) : List.of(), linked);
        contexts.free();
        assertEquals(0, memory.allocatedFrames());
    }

    @Test
    void whatLiesBehindATableIsNotTakenForAPartOfIt() {
        StreamTable streams = new StreamTable(memory, memory, 20, true);
        memory.writeLong(memory.allocate(0), -1);
        ContextTable contexts = new ContextTable(memory, memory, 20, true);
        memory.writeLong(memory.allocate(0), -1);
        streams.free();
        contexts.free();
        assertEquals(2, memory.allocatedFrames());
    }

    @Test
    void aBlockIsAsLargeAsItHasToBeAndAlignedToItsSize() {
        long[][] sizes = {{1, 1}, {64, 1}, {4095, 1}, {4096, 1}, {4097, 2}, {8192, 2}, {8193, 4}};
        for (long[] size : sizes) {
            memory.allocate(0);
            long before = memory.allocatedFrames();
            long block = Blocks.allocate(memory, size[0]);
            assertEquals(before + size[1], memory.allocatedFrames());
            assertEquals(0, block & (size[1] << 12) - 1);
            Blocks.free(memory, block, size[0]);
            assertEquals(before, memory.allocatedFrames());
        }
        memory.blocksLeft = 0;
        ErrnoException refused =
                assertThrows(ErrnoException.class, () -> Blocks.allocate(memory, 8192));
        assertEquals(Errno.ENOMEM, refused.errno());
        assertNotEquals(null, refused.getCause());
    }

    /** A number that was given back is the last to be given out again. */
    @Test
    void aTagComesBackOnlyAfterAllOthersHadTheirTurn() {
        AsidAllocator asids = new AsidAllocator(8, false);
        FakeAddressSpace mm = new FakeAddressSpace(1, 0x4100_0000L);
        for (int turn = 0; turn < 3; turn++) {
            for (int asid = 1; asid < 256; asid++) {
                AsidAllocator.Tag tag = asids.take(mm);
                assertEquals(asid, tag.asid());
                assertFalse(tag.shared());
                tag.end().run();
            }
        }
        List<AsidAllocator.Tag> all = new ArrayList<>();
        for (int i = 0; i < 255; i++) {
            all.add(asids.take(mm));
        }
        ErrnoException none = assertThrows(ErrnoException.class, () -> asids.take(mm));
        assertEquals(Errno.ENOSPC, none.errno());
        assertTrue(String.valueOf(none.getMessage()).endsWith("all 255 are in use"));
        for (int asid : new int[] {255, 77, 1}) {
            all.get(asid - 1).end().run();
            assertEquals(asid, asids.take(mm).asid());
        }
        assertEquals(0xffff, lastOf(new AsidAllocator(16, false), mm));
    }

    private static int lastOf(AsidAllocator asids, FakeAddressSpace mm) {
        int last = 0;
        for (int i = 1; i < 1 << 16; i++) {
            last = asids.take(mm).asid();
        }
        return last;
    }
}
