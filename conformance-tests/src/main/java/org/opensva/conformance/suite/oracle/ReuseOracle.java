package org.opensva.conformance.suite.oracle;

import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.bench.Memory;
import org.opensva.conformance.suite.bench.MemorySnapshot;
import org.opensva.conformance.suite.bench.TestBench;

import java.util.ArrayList;
import java.util.List;

/**
 * The reuse oracle: a bystander that takes memory as soon as somebody gives it back, fills it, and
 * looks for damage. A device that still reaches a freed page damages the bystander.
 */
public final class ReuseOracle implements AutoCloseable {

    private final TestBench bench;
    private final SvaProcess bystander;
    private final List<Memory> taken = new ArrayList<>();

    /**
     * Sets the bystander up.
     *
     * @param bench the bench
     */
    public ReuseOracle(TestBench bench) {
        this.bench = bench;
        this.bystander = bench.process("bystander");
    }

    /**
     * Takes memory and fills it.
     *
     * @param pages how many pages
     */
    public void take(int pages) {
        taken.add(bench.memory(bystander, pages, "the bystander's memory"));
    }

    /**
     * Checks that nothing of it was damaged: every word is what the bystander left there.
     *
     * @param what what could have damaged it
     */
    public void mustBeUndamaged(String what) {
        int words = bench.pageSize() / Long.BYTES;
        byte[] page = new byte[bench.pageSize()];
        for (Memory memory : taken) {
            for (int i = 0; i < memory.count(); i++) {
                bystander.load(memory.page(i), page, 0, page.length);
                for (int word = 0; word < words; word++) {
                    long expected = word == 0 ? memory.token(i) : 0;
                    long seen = MemorySnapshot.word(page, word);
                    if (seen != expected) {
                        throw bench.violation(
                                "memory of an uninvolved process to be untouched by " + what,
                                "its page at 0x%x holds %s at offset %d instead of %s"
                                        .formatted(
                                                memory.page(i),
                                                bench.describe(seen),
                                                word * Long.BYTES,
                                                bench.describe(expected)));
                    }
                }
            }
        }
    }

    /** Ends the bystander. */
    @Override
    public void close() {
        bystander.close();
    }
}
