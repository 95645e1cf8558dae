package org.opensva.ats;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;

import org.junit.jupiter.api.Test;
import org.opensva.api.ats.Endpoint;
import org.opensva.api.ats.EndpointConfig;
import org.opensva.api.ats.TranslationEntry;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.memory.Access;

import java.lang.management.ManagementFactory;

class AllocationTest {

    private static final int ACCESSES = 200_000;

    private final FakeAgent agent = new FakeAgent();
    private final byte[] buffer = new byte[64];

    @Test
    void hitsAllocateNothing() {
        assertAllocatesNothing(64, 1, 8);
    }

    @Test
    void hitsOfManyAddressSpacesAllocateNothing() {
        assertAllocatesNothing(8192, 1024, 4);
    }

    @Test
    void missesThatEvictAllocateNothing() {
        assertAllocatesNothing(64, 1, 4096);
    }

    /** The fake agent's own allocation is avoided by an agent that computes its answers. */
    private void assertAllocatesNothing(int entries, int pasids, int pages) {
        EndpointConfig config =
                new EndpointConfig(
                        "zip-0", RequesterId.of(1, 0, 0), 20, true, true, false, entries, 32, 16);
        Endpoint endpoint =
                FakeAgent.enabled(
                        new AtsEndpointFactory().create(config, new ComputingAgent(agent)));
        run(endpoint, pasids, pages);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        run(endpoint, pasids, pages);
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        assertTrue(allocated < ACCESSES / 10, () -> allocated + " bytes in " + ACCESSES);
    }

    private void run(Endpoint endpoint, int pasids, int pages) {
        for (int i = 0; i < ACCESSES; i++) {
            int pasid = 3 + (i * 13 & pasids - 1);
            long address = (long) (i * 7 & pages - 1) << 12 | (i & 63) << 4;
            endpoint.write(pasid, Access.WRITE, address, buffer, 0, 64);
            endpoint.read(pasid, Access.READ, address, buffer, 0, 64);
        }
    }

    /** Maps every page to the same one. */
    private record ComputingAgent(FakeAgent rest)
            implements org.opensva.api.ats.TranslationAgent, org.opensva.api.ats.AgentPort {

        @Override
        public org.opensva.api.ats.AgentPort connect(
                RequesterId requester, org.opensva.api.ats.DevicePort device) {
            return this;
        }

        @Override
        public void disconnect(RequesterId requester) {}

        @Override
        public int translate(int pasid, int access, long address, long[] entries) {
            entries[0] = TranslationEntry.of(0x1000, 12, TranslationEntry.R | TranslationEntry.W);
            return 1;
        }

        @Override
        public long readTranslated(long address, byte[] target, int offset, int length) {
            return rest.readTranslated(address, target, offset, length);
        }

        @Override
        public long writeTranslated(long address, byte[] source, int offset, int length) {
            return rest.writeTranslated(address, source, offset, length);
        }

        @Override
        public void complete(org.opensva.api.ats.InvalidateCompletion completion) {}

        @Override
        public void request(org.opensva.api.ats.PageRequest request) {}

        @Override
        public long read(int pasid, int access, long address, byte[] target, int o, int length) {
            return 0;
        }

        @Override
        public long write(int pasid, int access, long address, byte[] source, int o, int length) {
            return 0;
        }
    }
}
