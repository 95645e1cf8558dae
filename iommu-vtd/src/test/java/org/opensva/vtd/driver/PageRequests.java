package org.opensva.vtd.driver;

import org.opensva.vtd.layout.PageRequestDescriptor;

/** Page requests of the device that a bench has bound. */
final class PageRequests {

    static final int PASID = DriverBench.PASID.value();
    static final long PAGE = 0x7f00_1234_5000L;

    private final RecordingUnit unit;

    PageRequests(DriverBench bench) {
        this.unit = bench.unit;
        bench.bind();
        unit.seen.clear();
    }

    static long low(boolean execute, boolean privileged) {
        return PageRequestDescriptor.encodeLow(DriverBench.ZIP, true, PASID, execute, privileged);
    }

    static long high(long address, int index, boolean last) {
        return PageRequestDescriptor.encodeHigh(address, index, last, true, false);
    }

    void request(long address, int index, boolean last, boolean write) {
        unit.pageRequest(
                low(false, false),
                PageRequestDescriptor.encodeHigh(address, index, last, true, write));
    }
}
