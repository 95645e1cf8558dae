package org.opensva.vtd.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.opentelemetry.api.OpenTelemetry;

import org.junit.jupiter.api.Test;
import org.opensva.api.iommu.AttachedDevice;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.OutOfFramesException;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.vtd.layout.PasidDirectoryEntry;
import org.opensva.vtd.layout.PasidTableEntry;
import org.opensva.vtd.layout.ScalableContextEntry;

import java.util.HashSet;
import java.util.Set;

/** Root, context and PASID tables: their sizes, their places, the memory that they take. */
class TablesTest {

    private static final int FRAME = 4096;

    private final FlatMemory memory = new FlatMemory();

    @Test
    void aDirectorySpansThePasidsOfItsDeviceAndNoLessThanTheSmallestDirectory() {
        for (int bits = 0; bits <= Pasid.BITS; bits++) {
            PasidTables tables = new PasidTables(memory, memory, bits);
            int spanned = Math.max(bits, 13);
            assertEquals(spanned - 13, tables.sizeCode());
            long bytes = (1L << spanned) / PasidTableEntry.ENTRIES * PasidDirectoryEntry.BYTES;
            assertEquals(Math.max(1, bytes / FRAME), memory.allocatedFrames());
            int last = (1 << spanned) - 1;
            assertEquals(
                    tables.directory() + bytes - PasidDirectoryEntry.BYTES,
                    tables.directory() + PasidDirectoryEntry.offset(last));
            tables.makeEntry(last);
            tables.makeEntry(0);
            tables.free();
            assertEquals(0, memory.allocatedFrames());
        }
    }

    @Test
    void whatLiesBehindTheDirectoryIsNotTakenForAPartOfIt() {
        PasidTables tables = new PasidTables(memory, memory, 14);
        long end = tables.directory() + (1 << 14) / 64 * PasidDirectoryEntry.BYTES;
        long others = Blocks.allocate(memory, FRAME);
        memory.writeLong(end, others | PasidDirectoryEntry.P.mask());
        tables.free();
        assertEquals(1, memory.allocatedFrames());
        Blocks.free(memory, others, FRAME);
    }

    @Test
    void everyPasidHasAnEntryOfItsOwnInATableForSixtyFour() {
        PasidTables tables = new PasidTables(memory, memory, 14);
        long before = memory.allocatedFrames();
        Set<Long> entries = new HashSet<>();
        for (int pasid = 0; pasid < 1 << 14; pasid += 31) {
            long entry = tables.makeEntry(pasid);
            assertEquals(entry, tables.entry(pasid));
            assertEquals(entry, tables.makeEntry(pasid), "made once");
            assertTrue(Entries.isFree(memory, entry));
            assertTrue(entries.add(entry));
            memory.writeLong(entry, 1);
            assertFalse(Entries.isFree(memory, entry));
        }
        assertEquals((1 << 14) / 64, memory.allocatedFrames() - before);
    }

    @Test
    void everyRequesterHasAContextEntryOfItsOwnInATableFor128() {
        RootTable root = new RootTable(memory, memory);
        assertEquals(1, memory.allocatedFrames());
        Set<Long> entries = new HashSet<>();
        for (int source = 0; source < 1 << 16; source += 31) {
            long entry = root.contextEntry(source);
            assertEquals(entry, root.contextEntry(source), "made once");
            assertEquals(0, entry % ScalableContextEntry.BYTES);
            assertTrue(entries.add(entry));
        }
        assertEquals(1 + 512, memory.allocatedFrames());
        // What follows the root table in memory is no part of it, whatever it looks like.
        assertEquals(root.base() + FRAME, root.contextEntry(0));
        memory.writeLong(root.contextEntry(0), 1);
        long[] tables = root.unlink();
        assertEquals(512, tables.length);
        for (int half = 0; half < 512; half++) {
            assertEquals(0, memory.readLong(root.base() + 8L * half));
        }
        root.free(tables);
        root.free();
        assertEquals(0, memory.allocatedFrames());
    }

    @Test
    void aBlockIsAsManyFramesAsItNeedsRoundedUpToAPowerOfTwo() {
        for (int pages = 1; pages < 40; pages++) {
            for (int bytes : new int[] {pages * FRAME - FRAME + 1, pages * FRAME}) {
                int frames = pages == 1 ? 1 : 2 * Integer.highestOneBit(pages - 1);
                long block = Blocks.allocate(memory, bytes);
                assertEquals(frames, memory.allocatedFrames());
                assertEquals(0, block % (frames * (long) FRAME));
                Blocks.free(memory, block, bytes);
                assertEquals(0, memory.allocatedFrames());
            }
        }
    }

    @Test
    void exhaustedMemoryIsAnErrorWithItsCause() {
        FlatMemory none = new FlatMemory(0);
        ErrnoException refused =
                assertThrows(ErrnoException.class, () -> Blocks.allocate(none, 5000));
        assertEquals(Errno.ENOMEM, refused.errno());
        assertTrue(refused.getMessage().contains("5000 bytes"), refused.getMessage());
        assertTrue(refused.getCause() instanceof OutOfFramesException);
    }

    @Test
    void aDriverForWhichMemoryIsTooSmallTakesNone() {
        for (int frames = 0; frames < 24; frames++) {
            FlatMemory small = new FlatMemory(frames * FRAME);
            ErrnoException refused =
                    assertThrows(
                            ErrnoException.class,
                            () ->
                                    new VtdDriver(
                                            new RecordingUnit(small),
                                            small,
                                            small,
                                            HardwareEventSink.NONE,
                                            OpenTelemetry.noop()));
            assertEquals(Errno.ENOMEM, refused.errno());
            assertEquals(0, small.allocatedFrames(), frames + " frames");
        }
    }

    @Test
    void aBindForWhichMemoryIsTooSmallLeavesNoTrace() {
        DriverBench bench = new DriverBench();
        AttachedDevice late = bench.attach(bench.dma);
        bench.memory.exhausted = true;
        ErrnoException refused =
                assertThrows(
                        ErrnoException.class,
                        () -> late.bind(new Pasid(5), bench.driver.createDomain(bench.mm)));
        assertEquals(Errno.ENOMEM, refused.errno());
        bench.memory.exhausted = false;
        assertTrue(bench.dma.switches.stream().noneMatch("ats true"::equals));
        bench.bind();
        bench.driver.close();
        assertEquals(0, bench.memory.allocatedFrames());
    }
}
