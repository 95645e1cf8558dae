package org.opensva.linux.doctor;

import org.opensva.api.backend.Diagnosis;
import org.opensva.api.backend.DiagnosticStep;
import org.opensva.linux.idxd.DsaBus;
import org.opensva.linux.idxd.WorkQueueNode;
import org.opensva.linux.node.Attributes;
import org.opensva.linux.node.PciPlace;
import org.opensva.linux.uacce.UacceAccelerator;
import org.opensva.linux.uacce.UacceClass;
import org.opensva.linux.uacce.UacceNode;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Finds out why accelerators of hardware cannot share the memory of processes here: configuration
 * of the kernel, mode of the IOMMU, capabilities of the functions, what the drivers have made of
 * them, and who may open their nodes. Everything is read, nothing is opened or changed.
 *
 * <p>A machine may share memory without a step being {@code OK}: what cannot be read (the
 * configuration of the kernel, the configuration space of a function) counts for nothing.
 *
 * @param root where the file system begins
 */
record SvaProbe(Path root) {

    private static final List<String> UACCE_DRIVERS = List.of("hisi_zip", "hisi_sec2", "hisi_hpre");
    private static final String VT_D = "VT-d enabled in the firmware";

    private String text(String path) {
        Path file = root.resolve(path);
        Path directory = file.getParent();
        return directory == null
                ? ""
                : new Attributes(directory).text(String.valueOf(file.getFileName())).orElse("");
    }

    private String release() {
        return text("proc/sys/kernel/osrelease");
    }

    /** The model of processor says it; of a recorded machine there is nothing else. */
    private boolean x86() {
        return text("proc/cpuinfo").contains("vendor_id");
    }

    /** One diagnosis for the family, and one for each device of it. */
    List<Diagnosis> uacce() {
        List<DiagnosticStep> machine = new ArrayList<>();
        machine.add(configured("uacce", List.of("UACCE")));
        machine.add(
                x86()
                        ? configured("sva", List.of("IOMMU_SVA|INTEL_IOMMU_SVM"))
                        : configured("sva", List.of("ARM_SMMU_V3", "ARM_SMMU_V3_SVA")));
        machine.addAll(iommu());
        machine.add(BindRefusal.examine(x86(), release(), text("proc/version")));
        UACCE_DRIVERS.forEach(driver -> functions(driver).ifPresent(machine::add));
        UacceClass all = new UacceClass(root.resolve("sys"), root.resolve("dev"));
        List<UacceNode> devices = all.devices();
        machine.add(
                devices.isEmpty()
                        ? noDevice(all)
                        : DiagnosticStep.ok("device", devices.size() + " in /sys/class/uacce"));
        List<Diagnosis> found = new ArrayList<>();
        found.add(new Diagnosis("native:uacce", machine));
        for (UacceNode device : devices) {
            found.add(
                    new Diagnosis(
                            "native:uacce/" + device.name(),
                            List.of(judged(device), node(device.node()))));
        }
        return found;
    }

    /** One diagnosis for the family, and one for each work queue. */
    List<Diagnosis> idxd() {
        List<DiagnosticStep> machine = new ArrayList<>();
        machine.add(configured("idxd", List.of("INTEL_IDXD", "INTEL_IDXD_SVM")));
        machine.add(configured("sva", List.of("INTEL_IOMMU", "INTEL_IOMMU_SVM")));
        machine.addAll(iommu());
        machine.add(scalableMode());
        machine.add(BindRefusal.examine(x86(), release(), text("proc/version")));
        functions("idxd").ifPresent(machine::add);
        DsaBus bus = new DsaBus(root.resolve("sys"), root.resolve("dev"));
        List<WorkQueueNode> queues = bus.workQueues();
        machine.add(
                queues.isEmpty()
                        ? DiagnosticStep.missing(
                                "work-queue",
                                bus.present()
                                        ? "the bus has devices %s and no work queue"
                                                .formatted(bus.devices())
                                        : "/sys/bus/dsa does not exist",
                                "a processor with DSA or IAA, the module idxd, and work queues that"
                                        + " accel-config sets up")
                        : DiagnosticStep.ok(
                                "work-queue", queues.size() + " in /sys/bus/dsa/devices"));
        List<Diagnosis> found = new ArrayList<>();
        found.add(new Diagnosis("native:idxd", machine));
        for (WorkQueueNode queue : queues) {
            String why = queue.obstacle();
            found.add(
                    new Diagnosis(
                            "native:idxd/" + queue.name(),
                            why.isEmpty()
                                    ? List.of(
                                            DiagnosticStep.ok("work-queue", "enabled for users"),
                                            node(queue.node()))
                                    : List.of(
                                            DiagnosticStep.missing(
                                                    "work-queue", why, queue.remedy()))));
        }
        return found;
    }

    /** Options of the kernel; alternatives, of which one is enough, have a bar between them. */
    private DiagnosticStep configured(String name, List<String> options) {
        String step = "config-" + name;
        Optional<KernelConfig> config = KernelConfig.read(root, release());
        if (config.isEmpty()) {
            return DiagnosticStep.ok(
                    step, "the configuration of the kernel cannot be read; nothing is concluded");
        }
        List<String> lacking =
                options.stream()
                        .filter(option ->
                                List.of(option.split("\\|")).stream().noneMatch(config.get()::has))
                        .map(option -> "CONFIG_" + option.replace("|", " or CONFIG_"))
                        .toList();
        return lacking.isEmpty()
                ? DiagnosticStep.ok(step, config.get().place() + " has what is needed")
                : DiagnosticStep.missing(
                        step,
                        config.get().place() + " lacks " + String.join(", ", lacking),
                        "a kernel that is built with it");
    }

    private List<DiagnosticStep> iommu() {
        List<String> units = new Attributes(root.resolve("sys/class/iommu")).list("");
        int groups = new Attributes(root.resolve("sys/kernel/iommu_groups")).list("").size();
        List<String> words = List.of(text("proc/cmdline").split("\\s+"));
        if (units.isEmpty()) {
            boolean off = words.contains("intel_iommu=off") || words.contains("iommu=off");
            return List.of(
                    DiagnosticStep.missing(
                            "iommu",
                            "/sys/class/iommu has no unit"
                                    + (off ? ", and the command line switches them off" : ""),
                            x86()
                                    ? "intel_iommu=on on the kernel's command line, and " + VT_D
                                    : "the SMMU enabled in the firmware, so that the IORT or"
                                            + " device tree names it"));
        }
        DiagnosticStep there =
                DiagnosticStep.ok(
                        "iommu", "%s, %d groups".formatted(String.join(", ", units), groups));
        boolean passthrough =
                words.contains("iommu=pt")
                        || words.contains("iommu.passthrough=1")
                        || words.contains("iommu.passthrough=on");
        return passthrough && !x86()
                ? List.of(
                        there,
                        DiagnosticStep.degraded(
                                "iommu-mode",
                                "passthrough by the command line",
                                "drivers of series before 5.13 do not enable SVA in it",
                                "iommu.passthrough=0"))
                : List.of(there);
    }

    /** SVA of VT-d is for scalable mode; since Linux 6.1 or so that is on where there is ECAP. */
    private DiagnosticStep scalableMode() {
        List<String> words = List.of(text("proc/cmdline").split("\\s+"));
        for (String word : words) {
            if (word.startsWith("intel_iommu=")) {
                List<String> values = List.of(word.substring(12).split(","));
                if (values.contains("sm_off")) {
                    return DiagnosticStep.missing(
                            "scalable-mode", "the command line has sm_off", "intel_iommu=on,sm_on");
                }
                if (values.contains("sm_on")) {
                    return DiagnosticStep.ok("scalable-mode", "the command line has sm_on");
                }
            }
        }
        Optional<KernelConfig> config = KernelConfig.read(root, release());
        return config.isPresent() && config.get().has("INTEL_IOMMU_SCALABLE_MODE_DEFAULT_ON")
                ? DiagnosticStep.ok("scalable-mode", "on by the kernel's configuration")
                : DiagnosticStep.degraded(
                        "scalable-mode",
                        "nothing says that it is on",
                        "no PASID where the kernel has it off",
                        "intel_iommu=on,sm_on");
    }

    /** The functions that a driver has taken, with their capabilities; the worst one counts. */
    private Optional<DiagnosticStep> functions(String driver) {
        Path place = root.resolve("sys/bus/pci/drivers").resolve(driver);
        List<String> lines = new ArrayList<>();
        boolean lacks = false;
        boolean off = false;
        for (String name : new Attributes(place).list("")) {
            if (PciPlace.is(name)) {
                PciCapabilities able = PciCapabilities.of(place.resolve(name).resolve("config"));
                lines.add(name + ": " + able.line());
                lacks |= able.readable() && able.pasid() == PciCapabilities.State.ABSENT;
                off |= able.readable() && able.pasid() == PciCapabilities.State.OFF;
            }
        }
        if (lines.isEmpty()) {
            return Optional.empty();
        }
        String step = driver.replace('_', '-') + "-functions";
        String found = String.join("; ", lines);
        if (lacks) {
            return Optional.of(
                    DiagnosticStep.missing(
                            step,
                            found,
                            "a function with the PASID capability, which firmware or a hypervisor"
                                    + " may hide"));
        }
        return Optional.of(
                off
                        ? DiagnosticStep.degraded(
                                step,
                                found,
                                "where PASIDs are not enabled nothing is bound",
                                "scalable mode of VT-d or stage 1 of the SMMU, and ACS in every"
                                        + " switch in between")
                        : DiagnosticStep.ok(step, found));
    }

    /** Functions without a node tell why: the driver removes its node where SVA is not enabled. */
    private DiagnosticStep noDevice(UacceClass all) {
        List<String> taken =
                UACCE_DRIVERS.stream()
                        .filter(driver ->
                                new Attributes(root.resolve("sys/bus/pci/drivers").resolve(driver))
                                        .list("").stream().anyMatch(PciPlace::is))
                        .toList();
        if (!taken.isEmpty()) {
            return DiagnosticStep.missing(
                    "device",
                    "%s has functions and no uacce device: the driver removes it where SVA cannot be"
                                    .formatted(String.join(", ", taken))
                            + " enabled, or is loaded with uacce_mode=0",
                    "uacce_mode=1 for the module, CONFIG_ARM_SMMU_V3_SVA, and the SMMU enabled in"
                            + " the firmware");
        }
        return DiagnosticStep.missing(
                "device",
                all.present() ? "/sys/class/uacce is empty" : "/sys/class/uacce does not exist",
                all.present()
                        ? "a driver that registers with uacce"
                        : "CONFIG_UACCE, its module loaded, and a device of Kunpeng or its like");
    }

    private static DiagnosticStep judged(UacceNode device) {
        String why = UacceAccelerator.obstacle(device);
        String found =
                "%s: api %s, flags 0x%x, %s"
                        .formatted(
                                device.name(),
                                device.api(),
                                device.flags(),
                                device.sva() ? "SVA" : "memory shared by the driver without SVA");
        return why.isEmpty()
                ? DiagnosticStep.ok("device", found)
                : DiagnosticStep.missing(
                        "device", found + "; " + why, "a version of this backend that drives it");
    }

    /** Access as the kernel would grant it to this user ({@code access(2)}). */
    private static DiagnosticStep node(Path node) {
        String step = "node";
        if (!Files.exists(node)) {
            return DiagnosticStep.missing(
                    step, node + " does not exist", "udev, or a container that has the node");
        }
        return Files.isReadable(node) && Files.isWritable(node)
                ? DiagnosticStep.ok(step, node + " can be opened by this user")
                : DiagnosticStep.missing(
                        step,
                        node + " may not be opened by this user (EACCES)",
                        "a rule of udev that gives a group access to it");
    }
}
