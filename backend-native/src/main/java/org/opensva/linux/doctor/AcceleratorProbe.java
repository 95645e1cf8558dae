package org.opensva.linux.doctor;

import org.opensva.api.backend.DiagnosticStep;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Looks whether the kernel knows hardware that could share the memory of processes: IOMMUs, uacce
 * and idxd devices. This backend does not drive them; it says whether they are there.
 *
 * @param sys where {@code /sys} is
 */
record AcceleratorProbe(Path sys) {

    List<DiagnosticStep> examine() {
        return List.of(
                look(
                        "iommu",
                        "class/iommu",
                        "an IOMMU that is switched on in the firmware and on the kernel's command"
                                + " line"),
                look(
                        "uacce",
                        "class/uacce",
                        "a kernel with UACCE and a driver that has enabled SVA"),
                look("idxd", "bus/dsa/devices", "a kernel with INTEL_IDXD_SVM and DSA or IAA"));
    }

    private DiagnosticStep look(String name, String folder, String remedy) {
        Path path = sys.resolve(folder);
        if (!Files.isDirectory(path)) {
            return DiagnosticStep.missing(name, "/sys/" + folder + " does not exist", remedy);
        }
        try (Stream<Path> entries = Files.list(path)) {
            List<String> names =
                    entries.map(entry -> entry.getFileName().toString()).sorted().toList();
            return names.isEmpty()
                    ? DiagnosticStep.missing(name, "/sys/" + folder + " is empty", remedy)
                    : DiagnosticStep.ok(name, String.join(", ", names));
        } catch (IOException e) {
            return DiagnosticStep.missing(name, "/sys/" + folder + " cannot be read", "");
        }
    }
}
