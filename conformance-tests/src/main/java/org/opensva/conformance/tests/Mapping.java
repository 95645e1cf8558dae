package org.opensva.conformance.tests;

import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.bench.Memory;
import org.opensva.conformance.suite.bench.TestBench;

/** Mappings of kinds that several tests need. */
record Mapping(TestBench bench, SvaProcess process) {

    /** Private anonymous pages that nobody has touched. */
    Memory untouched(int pages) {
        return bench.view(process, bench.map(process, pages), pages);
    }

    /** Filled pages whose first address is a multiple of {@code alignment} pages. */
    Memory aligned(int pages, int alignment, String name) {
        long room = bench.map(process, (long) pages + alignment);
        long step = bench.pages(alignment);
        long address = (room + step - 1) / step * step;
        return bench.fill(process, address, pages, name);
    }

    /** Filled pages at a given place, over whatever was there. */
    static Memory at(TestBench bench, SvaProcess process, long address, int pages, String name) {
        process.mmap(MapRequest.anonymous(bench.pages(pages)).at(address));
        return bench.fill(process, address, pages, name);
    }
}
