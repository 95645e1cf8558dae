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
import org.opensva.linux.doctor.HostFacts;
import org.opensva.linux.idxd.DsaBus;
import org.opensva.linux.idxd.WorkQueueNode;
import org.opensva.linux.uacce.UacceAccelerator;
import org.opensva.linux.uacce.UacceClass;
import org.opensva.linux.uacce.UacceNode;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** The provider of the backend {@code native}. */
public final class NativeBackendProvider implements BackendProvider {

    /** The name of the backend. */
    public static final String NAME = "native";

    /** The variant with real processes and devices in software. */
    public static final String HOST = "host";

    private static final String UACCE = "uacce";
    private static final String IDXD = "idxd";

    private final Path root;

    /** Creates the provider, for the service loader. */
    public NativeBackendProvider() {
        this(Path.of("/"));
    }

    /**
     * Creates a provider that looks for hardware elsewhere; processes are always those of this
     * host.
     *
     * @param root of the file system whose {@code sys} and {@code dev} say what there is
     */
    public NativeBackendProvider(Path root) {
        this.root = root;
    }

    private UacceClass uacce() {
        return new UacceClass(root.resolve("sys"), root.resolve("dev"));
    }

    private DsaBus idxd() {
        return new DsaBus(root.resolve("sys"), root.resolve("dev"));
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<BackendVariant> variants() {
        Examination found = new Doctor().examine();
        List<BackendVariant> variants = new ArrayList<>();
        variants.add(host(found));
        List<UacceNode> devices = uacce().devices();
        devices.forEach(node ->
                variants.add(
                        variant(
                                found,
                                UACCE + "/" + node.name(),
                                "real processes, the uacce device with api " + node.api(),
                                UacceAccelerator.obstacle(node))));
        if (devices.isEmpty()) {
            variants.add(
                    BackendVariant.unavailable(
                            UACCE,
                            "real processes, a real uacce device",
                            "there is no device in /sys/class/uacce"));
        }
        List<WorkQueueNode> queues = idxd().workQueues();
        queues.forEach(node ->
                variants.add(
                        variant(
                                found,
                                IDXD + "/" + node.name(),
                                "real processes, a %s work queue of %s"
                                        .formatted(
                                                node.dedicated() ? "dedicated" : "shared",
                                                node.device()),
                                node.obstacle().isEmpty()
                                        ? ""
                                        : node.obstacle() + "; would help: " + node.remedy())));
        if (queues.isEmpty()) {
            variants.add(
                    BackendVariant.unavailable(
                            IDXD,
                            "real processes, a real DSA or IAA work queue",
                            "there is no work queue in /sys/bus/dsa/devices"));
        }
        return variants;
    }

    private static BackendVariant variant(
            Examination found, String name, String title, String obstacle) {
        String reason = found.facts().isEmpty() ? found.obstacle() : obstacle;
        return reason.isEmpty()
                ? BackendVariant.available(name, title)
                : BackendVariant.unavailable(name, title, reason);
    }

    private static BackendVariant host(Examination found) {
        String title = "real Linux processes, devices in software";
        if (found.facts().isEmpty()) {
            return BackendVariant.unavailable(HOST, title, found.obstacle());
        }
        String missing =
                found.steps().stream()
                        .filter(step -> step.outcome() == DiagnosticStep.Outcome.DEGRADED)
                        .map(DiagnosticStep::name)
                        .collect(Collectors.joining(", "));
        return BackendVariant.available(
                HOST, title + (missing.isEmpty() ? "" : "; absent here: " + missing));
    }

    @Override
    public List<Diagnosis> diagnose() {
        List<Diagnosis> all = new ArrayList<>();
        all.add(new Doctor().diagnose(NAME + ":" + HOST));
        all.addAll(new Doctor(root).accelerators());
        return all;
    }

    @Override
    public List<BackendOption> options() {
        return HostOptions.all();
    }

    @Override
    public Module module(BackendRequest request) {
        HostOptions options = HostOptions.parse(request.options());
        Examination found = new Doctor().examine();
        HostFacts facts = found.facts().orElseThrow(() -> new BackendException(found.obstacle()));
        String variant = request.variant().name();
        return variant.equals(HOST)
                ? new HostModule(options, found, facts)
                : new NodeModule(variant, device(variant), facts, options.transfers());
    }

    private NodeModule.NodeDevice device(String variant) {
        String name = variant.substring(variant.indexOf('/') + 1);
        if (variant.startsWith(UACCE + "/")) {
            for (UacceNode node : uacce().devices()) {
                if (node.name().equals(name)) {
                    return new NodeModule.Uacce(node);
                }
            }
        }
        if (variant.startsWith(IDXD + "/")) {
            for (WorkQueueNode node : idxd().workQueues()) {
                if (node.name().equals(name)) {
                    return new NodeModule.Idxd(node);
                }
            }
        }
        throw new BackendException("the device of '%s:%s' is gone".formatted(NAME, variant));
    }
}
