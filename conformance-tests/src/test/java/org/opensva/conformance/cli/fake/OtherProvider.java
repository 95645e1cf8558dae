package org.opensva.conformance.cli.fake;

import org.opensva.api.backend.Diagnosis;

import java.util.List;

/** Another backend of the same make, under another name. */
public final class OtherProvider extends FakeProvider {

    /** Found by the service loader. */
    public OtherProvider() {}

    @Override
    public String name() {
        return "other";
    }

    @Override
    public List<Diagnosis> diagnose() {
        throw new IllegalStateException("the doctor\nis ill");
    }
}
