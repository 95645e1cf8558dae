package org.opensva.smmuv3.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.api.memory.PageSize;
import org.opensva.api.process.PageTable;
import org.opensva.api.process.PageTableFormat;
import org.opensva.smmuv3.layout.AddressSize;
import org.opensva.smmuv3.layout.ContextDescriptor;
import org.opensva.smmuv3.layout.Field;
import org.opensva.smmuv3.layout.StreamTableEntry;

/** The entries by field (sections 5.2 and 5.4). */
class EntriesTest {

    private static final PageTable TABLES =
            new PageTable(
                    PageTableFormat.VMSAV8_64,
                    0x1_2345_6000L,
                    PageSize.SIZE_64K,
                    42,
                    40,
                    0x8899_aabb_ccdd_eeffL);

    private static final AsidAllocator.Tag TAG = new AsidAllocator.Tag(0x1234, false, () -> {});

    private static long get(long[] entry, Field field) {
        return field.get(entry[field.word()]);
    }

    @Test
    void aContextIsThatOfAProcess() {
        long[] entry = Entries.processContext(TABLES, TAG, 48, true);
        assertEquals(22, get(entry, ContextDescriptor.T0SZ));
        assertEquals(1, get(entry, ContextDescriptor.TG0));
        assertEquals(0, get(entry, ContextDescriptor.EPD0));
        assertEquals(1, get(entry, ContextDescriptor.EPD1));
        assertEquals(AddressSize.encode(40), get(entry, ContextDescriptor.IPS));
        assertEquals(1, get(entry, ContextDescriptor.ASET), "not reached by broadcasts of others");
        assertEquals(0x1234, get(entry, ContextDescriptor.ASID));
        assertEquals(1, get(entry, ContextDescriptor.A));
        assertEquals(1, get(entry, ContextDescriptor.R));
        assertEquals(1, get(entry, ContextDescriptor.S));
        assertEquals(0xccdd_eeffL, get(entry, ContextDescriptor.MAIR0));
        assertEquals(0x8899_aabbL, get(entry, ContextDescriptor.MAIR1));
        long[] terminating = Entries.processContext(TABLES, TAG, 36, false);
        assertEquals(0, get(terminating, ContextDescriptor.S));
        assertEquals(AddressSize.encode(36), get(terminating, ContextDescriptor.IPS));
    }

    @Test
    void aQuiescedContextRecordsNothingAndStallsOnlyWhereHardwareAlwaysDoes() {
        for (boolean forced : new boolean[] {false, true}) {
            long[] entry = Entries.quiescedContext(TABLES, TAG, 48, forced);
            assertTrue(ContextDescriptor.valid(entry[0]));
            assertEquals(1, get(entry, ContextDescriptor.EPD0));
            assertEquals(1, get(entry, ContextDescriptor.EPD1));
            assertEquals(0, get(entry, ContextDescriptor.R));
            assertEquals(forced ? 1 : 0, get(entry, ContextDescriptor.S));
            assertEquals(0x1234, get(entry, ContextDescriptor.ASID));
            assertEquals(0, get(entry, ContextDescriptor.TTB0));
        }
    }

    @Test
    void aTranslatedStreamTerminatesWhatComesWithoutPasid() {
        FlatMemory memory = new FlatMemory();
        ContextTable contexts = new ContextTable(memory, memory, 16, true);
        long[] entry = Entries.translatedStream(contexts, true, false);
        assertEquals(StreamTableEntry.S1DSS_TERMINATE, get(entry, StreamTableEntry.S1DSS));
        assertEquals(StreamTableEntry.EATS_FULL, get(entry, StreamTableEntry.EATS));
        assertEquals(0, get(entry, StreamTableEntry.S1STALLD));
        assertEquals(16, get(entry, StreamTableEntry.S1CDMAX));
        assertEquals(contexts.base(), StreamTableEntry.S1CONTEXTPTR.address(entry[0]));
        long[] plain = Entries.translatedStream(contexts, false, true);
        assertEquals(StreamTableEntry.EATS_DISABLED, get(plain, StreamTableEntry.EATS));
        assertEquals(1, get(plain, StreamTableEntry.S1STALLD));
    }
}
