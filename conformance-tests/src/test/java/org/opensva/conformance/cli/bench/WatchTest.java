package org.opensva.conformance.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;

class WatchTest {

    private final List<String> complaints = new ArrayList<>();
    private final Watch watch = new Watch(3, line -> {}, complaints::add, () -> 0);

    @Test
    void theFirstLineThatSaysWhatIsWrongIsToldOnce() {
        for (int way = 0; way < 2; way++) {
            watch.println("<failure>\n\njava.lang.OutOfMemoryError: Java heap space\n\tat X\n");
            watch.println("java.lang.IllegalStateException: closed");
            watch.endBenchmark(null);
        }
        assertEquals(
                List.of("a benchmark failed: java.lang.OutOfMemoryError: Java heap space"),
                complaints);
    }

    @Test
    void aFailureWithoutWordsIsToldAsThat() {
        watch.println("nothing that helps");
        watch.endBenchmark(null);
        assertEquals(List.of("a benchmark failed: no reason was given"), complaints);
    }
}
