package org.opensva.vtd.model;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.opensva.vtd.fuzz.Corpus;

import java.util.concurrent.TimeUnit;

/** What fuzzing found worth keeping ends in an architectural outcome, as does what is near it. */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class ModelCorpusTest {

    private static final int MUTATIONS = Integer.getInteger("opensva.vtd.mutations", 20);

    @Test
    void everyInputOfTheCorpusEndsInAnOutcome() {
        int inputs = Corpus.replay("model", MUTATIONS, ModelFuzzer::fuzzerTestOneInput);
        assertTrue(inputs > 20, inputs + " inputs");
    }
}
