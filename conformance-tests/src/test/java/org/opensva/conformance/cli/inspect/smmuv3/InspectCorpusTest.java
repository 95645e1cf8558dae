package org.opensva.conformance.cli.inspect.smmuv3;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.opensva.conformance.fuzz.Corpus;

import java.util.concurrent.TimeUnit;

/** Dumps that fuzzing found worth keeping are listed, and explained as the model takes them. */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class InspectCorpusTest {

    private static final int MUTATIONS = Integer.getInteger("opensva.inspect.mutations", 20);

    @Test
    void everyDumpOfTheCorpusIsExplainedAsTheModelTakesIt() {
        int inputs = Corpus.replay("smmuv3", MUTATIONS, InspectFuzzer::fuzzerTestOneInput);
        assertTrue(inputs > 20, inputs + " inputs");
    }
}
