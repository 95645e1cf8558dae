package org.opensva.conformance.cli.fake;

import org.opensva.api.backend.BackendVariant;

import java.util.List;

/** Cannot even tell its variants. */
public final class ThrowingProvider extends FakeProvider {

    /** Found by the service loader. */
    public ThrowingProvider() {}

    @Override
    public String name() {
        return "throwing";
    }

    @Override
    public List<BackendVariant> variants() {
        throw new IllegalStateException("driver\nnot loaded");
    }
}
