package org.opensva.linux;

import com.google.inject.Module;

import org.opensva.api.backend.BackendException;
import org.opensva.api.backend.BackendOption;
import org.opensva.api.backend.BackendProvider;
import org.opensva.api.backend.BackendRequest;
import org.opensva.api.backend.BackendVariant;
import org.opensva.api.backend.Diagnosis;
import org.opensva.api.backend.DiagnosticStep;
import org.opensva.linux.doctor.Doctor;
import org.opensva.linux.doctor.Examination;

import java.util.List;
import java.util.stream.Collectors;

/** The provider of the backend {@code native}. */
public final class NativeBackendProvider implements BackendProvider {

    /** The name of the backend. */
    public static final String NAME = "native";

    /** The variant with real processes and devices in software. */
    public static final String HOST = "host";

    /** Creates the provider, for the service loader. */
    public NativeBackendProvider() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<BackendVariant> variants() {
        Examination found = new Doctor().examine();
        String title = "real Linux processes, devices in software";
        if (found.facts().isEmpty()) {
            return List.of(BackendVariant.unavailable(HOST, title, found.obstacle()));
        }
        String missing =
                found.steps().stream()
                        .filter(step -> step.outcome() == DiagnosticStep.Outcome.DEGRADED)
                        .map(DiagnosticStep::name)
                        .collect(Collectors.joining(", "));
        return List.of(
                BackendVariant.available(
                        HOST, title + (missing.isEmpty() ? "" : "; absent here: " + missing)));
    }

    @Override
    public List<Diagnosis> diagnose() {
        Doctor doctor = new Doctor();
        return List.of(doctor.diagnose(NAME + ":" + HOST), doctor.accelerators());
    }

    @Override
    public List<BackendOption> options() {
        return HostOptions.all();
    }

    @Override
    public Module module(BackendRequest request) {
        HostOptions options = HostOptions.parse(request.options());
        Examination found = new Doctor().examine();
        return new HostModule(
                options,
                found,
                found.facts().orElseThrow(() -> new BackendException(found.obstacle())));
    }
}
