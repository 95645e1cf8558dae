package org.opensva.conformance.cli.fake;

import com.google.inject.Module;

import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendException;
import org.opensva.api.backend.BackendOption;
import org.opensva.api.backend.BackendProvider;
import org.opensva.api.backend.BackendRequest;
import org.opensva.api.backend.BackendVariant;
import org.opensva.api.backend.Diagnosis;
import org.opensva.api.backend.DiagnosticStep;

import java.util.List;

/** Provides {@link FakeBackend}. */
public class FakeProvider implements BackendProvider {

    /** Found by the service loader. */
    public FakeProvider() {}

    @Override
    public String name() {
        return "fake";
    }

    @Override
    public List<BackendVariant> variants() {
        return List.of(
                BackendVariant.available("good", "works"),
                BackendVariant.available("second", "works as well"),
                BackendVariant.available("dying", "its device fails at every job"),
                BackendVariant.unavailable("absent", "hardware", "no /dev/fake; plug one in"));
    }

    @Override
    public List<Diagnosis> diagnose() {
        return List.of(
                new Diagnosis(
                        name() + ":absent",
                        List.of(
                                DiagnosticStep.ok("bus", "it is there"),
                                DiagnosticStep.degraded(
                                        "clock", "slow\n\u001b[31m", "jobs wait", "patience"),
                                DiagnosticStep.missing(
                                        "device", "no /dev/fake: ENOENT", "plug one in"))));
    }

    @Override
    public List<BackendOption> options() {
        return List.of(new BackendOption("memory", "bytes of a process, above 0", "1000000000"));
    }

    @Override
    public Module module(BackendRequest request) {
        long memory;
        try {
            memory = Long.parseLong(String.valueOf(request.options().get("memory")));
        } catch (NumberFormatException e) {
            throw new BackendException("option 'memory' is not a number", e);
        }
        String variant = request.variant().name();
        return binder ->
                binder.bind(Backend.class).toInstance(new FakeBackend(name(), variant, memory));
    }
}
