package org.opensva.linux.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.opensva.api.backend.Diagnosis;
import org.opensva.api.backend.DiagnosticStep;
import org.opensva.api.backend.DiagnosticStep.Outcome;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.zip.GZIPOutputStream;

/** Why accelerators of hardware cannot share memory: machines as their files describe them. */
@EnabledOnOs(value = OS.LINUX, disabledReason = "this is about Linux")
class SvaProbeTest {

    private static final int ATS = 0x0f;
    private static final int PRI = 0x13;
    private static final int PASID = 0x1b;

    @TempDir Path root;

    private void file(String path, String text) throws IOException {
        Path file = root.resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    private void config(String path, byte[] bytes) throws IOException {
        Path file = root.resolve(path);
        Files.createDirectories(file.getParent());
        Files.write(file, bytes);
    }

    private static byte[] space(int... capabilities) {
        ByteBuffer space = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);
        int at = 0x100;
        for (int i = 0; i < capabilities.length; i++) {
            int next = i + 1 < capabilities.length ? at + 0x20 : 0;
            space.putInt(at, capabilities[i] | 1 << 16 | next << 20);
            switch (capabilities[i]) {
                case ATS -> space.putShort(at + 6, (short) 0x8000);
                case PRI -> space.putShort(at + 4, (short) 1);
                case PASID -> {
                    space.putShort(at + 4, (short) (20 << 8 | 4));
                    space.putShort(at + 6, (short) 1);
                }
                default -> {}
            }
            at += 0x20;
        }
        return space.array();
    }

    private List<Diagnosis> all() {
        return new Doctor(root).accelerators();
    }

    private Diagnosis of(String subject) {
        return all().stream()
                .filter(one -> one.subject().equals(subject))
                .findFirst()
                .orElseThrow(() -> new AssertionError(subject + " is not in " + all()));
    }

    private static DiagnosticStep step(Diagnosis diagnosis, String name) {
        Optional<DiagnosticStep> found =
                diagnosis.steps().stream().filter(one -> one.name().equals(name)).findFirst();
        return found.orElseThrow(() -> new AssertionError(name + " is not in " + diagnosis));
    }

    private void kunpeng() throws IOException {
        file("proc/cpuinfo", "processor\t: 0\nCPU implementer\t: 0x48\n");
        file("proc/sys/kernel/osrelease", "6.6.0-72.0.0.76.oe2403sp1.aarch64\n");
        file("proc/cmdline", "BOOT_IMAGE=/vmlinuz root=/dev/sda2\n");
        file(
                "boot/config-6.6.0-72.0.0.76.oe2403sp1.aarch64",
                "CONFIG_UACCE=m\nCONFIG_ARM_SMMU_V3=y\nCONFIG_ARM_SMMU_V3_SVA=y\n");
        file("sys/class/iommu/smmu3.0x0000000148000000/uevent", "");
        file("sys/kernel/iommu_groups/0/type", "DMA\n");
        config("sys/bus/pci/drivers/hisi_zip/0000:75:00.0/config", space(0x01, PASID, ATS, 0x10));
        String device = "sys/class/uacce/hisi_zip-0/";
        file(device + "api", "hisi_qm_v3\n");
        file(device + "flags", "1\n");
        file(device + "algorithms", "zlib\ngzip\ndeflate\n");
        file(device + "available_instances", "256\n");
        file(device + "region_mmio_size", "65536\n");
        file(device + "region_dus_size", "155648\n");
        file("dev/hisi_zip-0", "");
    }

    @Test
    void aKunpengWithEverythingHasNothingMissing() throws IOException {
        kunpeng();
        Diagnosis family = of("native:uacce");
        assertEquals(Outcome.OK, family.outcome(), family.toString());
        assertTrue(
                step(family, "hisi-zip-functions")
                        .finding()
                        .contains(
                                "0000:75:00.0: ATS enabled, PRI absent, PASID enabled (20 bits)"));
        assertEquals(Outcome.OK, of("native:uacce/hisi_zip-0").outcome());
    }

    @Test
    void aDriverWithoutItsNodeWasLoadedWithoutUacceOrHasNoSva() throws IOException {
        kunpeng();
        delete(root.resolve("sys/class/uacce/hisi_zip-0"));
        DiagnosticStep device = step(of("native:uacce"), "device");
        assertEquals(Outcome.MISSING, device.outcome());
        assertTrue(device.finding().contains("hisi_zip has functions and no uacce device"));
        assertTrue(device.remedy().contains("uacce_mode=1"));
    }

    private static void delete(Path directory) throws IOException {
        try (var entries = Files.list(directory)) {
            for (Path entry : entries.toList()) {
                Files.delete(entry);
            }
        }
        Files.delete(directory);
    }

    @Test
    void aKernelOfADistributionThatLeavesUacceOutSaysSo() throws IOException {
        kunpeng();
        file(
                "boot/config-6.6.0-72.0.0.76.oe2403sp1.aarch64",
                "# CONFIG_UACCE is not set\nCONFIG_ARM_SMMU_V3=y\n");
        Diagnosis family = of("native:uacce");
        assertTrue(step(family, "config-uacce").finding().contains("lacks CONFIG_UACCE"));
        assertTrue(step(family, "config-sva").finding().contains("CONFIG_ARM_SMMU_V3_SVA"));
        assertTrue(family.obstacle().startsWith("config-uacce"));
    }

    private void sapphireRapids(String release, String banner, String line) throws IOException {
        file("proc/cpuinfo", "processor\t: 0\nvendor_id\t: GenuineIntel\n");
        file("proc/sys/kernel/osrelease", release + "\n");
        file("proc/version", "Linux version " + release + " " + banner + "\n");
        file("proc/cmdline", line + "\n");
        Path compressed = root.resolve("proc/config.gz");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(compressed))) {
            out.write(
                    """
                    CONFIG_INTEL_IDXD=m
                    CONFIG_INTEL_IDXD_SVM=y
                    CONFIG_INTEL_IOMMU=y
                    CONFIG_INTEL_IOMMU_SVM=y
                    """
                            .getBytes(StandardCharsets.US_ASCII));
        }
        file("sys/class/iommu/dmar0/uevent", "");
        config("sys/bus/pci/drivers/idxd/0000:6a:01.0/config", space(ATS, PASID, PRI));
        String device = "sys/bus/dsa/devices/dsa0/";
        file(device + "pasid_enabled", "1\n");
        file(device + "cmd_status", "0x0\n");
        file(device + "op_cap", "00000001,003f03fd\n");
        file(device + "wq0.0/state", "enabled\n");
        file(device + "wq0.0/type", "user\n");
        file(device + "wq0.0/mode", "shared\n");
        file(device + "wq0.0/size", "16\n");
        Path link = root.resolve("sys/bus/dsa/devices/wq0.0");
        if (!Files.exists(link)) {
            Files.createSymbolicLink(link, Path.of("dsa0/wq0.0"));
        }
        file("dev/dsa/wq0.0", "");
    }

    @Test
    void aSapphireRapidsWithANewKernelHasNothingMissing() throws IOException {
        sapphireRapids("6.19.3", "#1 SMP", "intel_iommu=on,sm_on");
        Diagnosis family = of("native:idxd");
        assertEquals(Outcome.OK, family.outcome(), family.toString());
        assertTrue(
                step(family, "idxd-functions")
                        .finding()
                        .contains("ATS enabled, PRI enabled, PASID enabled (20 bits)"));
        assertEquals(Outcome.OK, of("native:idxd/wq0.0").outcome());
    }

    @Test
    void anX86KernelThatRefusesEveryBindIsNamed() throws IOException {
        sapphireRapids("6.1.0-56-amd64", "SMP Debian 6.1.192-2 (2026-05-08)", "sm_on");
        DiagnosticStep bind = step(of("native:idxd"), "sva-bind");
        assertEquals(Outcome.MISSING, bind.outcome());
        assertTrue(bind.finding().contains("6.1.192") && bind.finding().contains("EOPNOTSUPP"));
        assertEquals(Outcome.OK, BindRefusal.examine(true, "6.18.7", "").outcome());
        assertEquals(Outcome.OK, BindRefusal.examine(true, "7.2.13-amd64", "").outcome());
        assertEquals(Outcome.DEGRADED, BindRefusal.examine(true, "6.12.60", "").outcome());
        assertEquals(Outcome.DEGRADED, BindRefusal.examine(true, "", "").outcome());
        assertEquals(Outcome.OK, BindRefusal.examine(false, "6.1.192", "").outcome());
    }

    @Test
    void aDeviceWithoutSvaAndAQueueThatIsNotEnabledSayWhatToDo() throws IOException {
        sapphireRapids("6.19.3", "", "intel_iommu=on,sm_off");
        assertEquals(Outcome.MISSING, step(of("native:idxd"), "scalable-mode").outcome());
        file("sys/bus/dsa/devices/dsa0/pasid_enabled", "0\n");
        DiagnosticStep queue = step(of("native:idxd/wq0.0"), "work-queue");
        assertTrue(queue.finding().contains("pasid_enabled is 0"));
        assertTrue(queue.remedy().contains("sm_on"));
        file("sys/bus/dsa/devices/dsa0/pasid_enabled", "1\n");
        file("sys/bus/dsa/devices/wq0.0/state", "disabled\n");
        file("sys/bus/dsa/devices/dsa0/cmd_status", "0x80110000\n");
        queue = step(of("native:idxd/wq0.0"), "work-queue");
        assertTrue(queue.finding().contains("a work queue of type user needs SVA"));
        assertTrue(queue.remedy().contains("accel-config enable-wq dsa0/wq0.0"));
    }

    @Test
    void aLaptopWithoutAnyOfItSaysWhatWouldBeNeeded() throws IOException {
        file("proc/cpuinfo", "vendor_id\t: GenuineIntel\n");
        file("proc/sys/kernel/osrelease", "6.14.0-29-generic\n");
        file("proc/cmdline", "quiet splash intel_iommu=off\n");
        Diagnosis family = of("native:idxd");
        assertTrue(step(family, "iommu").finding().contains("the command line switches them off"));
        assertTrue(step(family, "iommu").remedy().contains("VT-d enabled in the firmware"));
        assertEquals("/sys/bus/dsa does not exist", step(family, "work-queue").finding());
        assertEquals(
                "/sys/class/uacce does not exist", step(of("native:uacce"), "device").finding());
    }

    @Test
    void everyStepHasItsTextsOnWhateverMachine() throws IOException {
        kunpeng();
        sapphireRapids("6.1.0-56-amd64", "Debian 6.1.192-2", "iommu=pt");
        file("sys/class/uacce/odd-3/api", "somebody_elses_v9\n");
        for (Diagnosis diagnosis : all()) {
            Set<String> names = new HashSet<>();
            for (DiagnosticStep step : diagnosis.steps()) {
                assertTrue(names.add(step.name()), diagnosis.subject() + ": " + step.name());
                assertTrue(step.name().matches("[a-z0-9-]+"), step.name());
                assertEquals(1, step.line().lines().count(), step.line());
                assertFalse(step.finding().isEmpty());
                assertEquals(step.outcome() == Outcome.OK, step.remedy().isEmpty(), step.line());
                assertEquals(
                        step.outcome() == Outcome.DEGRADED,
                        !step.consequence().isEmpty(),
                        step.line());
            }
        }
    }

    @Test
    void noBytesInAConfigurationSpaceLeadAstray() {
        Random random = new Random(11);
        for (int i = 0; i < 2000; i++) {
            byte[] bytes = new byte[random.nextInt(4097)];
            random.nextBytes(bytes);
            assertFalse(PciCapabilities.of(bytes).line().isEmpty());
        }
        byte[] circle = new byte[4096];
        ByteBuffer.wrap(circle)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(0x100, 0x0001_0001 | 0x100 << 20);
        assertEquals(PciCapabilities.State.ABSENT, PciCapabilities.of(circle).pasid());
        assertFalse(PciCapabilities.of(new byte[64]).readable());
    }
}
