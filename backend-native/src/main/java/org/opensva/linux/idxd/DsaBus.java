package org.opensva.linux.idxd;

import org.opensva.linux.idxd.spec.CompletionStatus.Device;
import org.opensva.linux.node.Attributes;
import org.opensva.linux.node.PciPlace;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Finds work queues.
 *
 * <p><b>Threading.</b> Any thread may call.
 *
 * @param sys where {@code /sys} is
 * @param dev where {@code /dev} is
 */
public record DsaBus(Path sys, Path dev) {

    private static final String DEVICES = "bus/dsa/devices";
    private static final int MAX_SIZE = 1024;

    /**
     * Tells whether the kernel has the bus.
     *
     * @return false without {@code CONFIG_INTEL_IDXD_BUS}
     */
    public boolean present() {
        return new Attributes(sys.resolve(DEVICES)).exists();
    }

    /**
     * The names of devices, not of their queues.
     *
     * @return for example {@code dsa0}
     */
    public List<String> devices() {
        return names("(dsa|iax)[0-9]+");
    }

    private List<String> names(String pattern) {
        return new Attributes(sys.resolve(DEVICES))
                .list("").stream().filter(name -> name.matches(pattern)).toList();
    }

    /**
     * Looks.
     *
     * @return the work queues by name, those included that cannot be used
     */
    public List<WorkQueueNode> workQueues() {
        return names("wq[0-9]+\\.[0-9]+").stream()
                .map(this::queue)
                .flatMap(Optional::stream)
                .toList();
    }

    private Optional<WorkQueueNode> queue(String name) {
        Path directory = sys.resolve(DEVICES).resolve(name);
        return owner(directory, name).map(device -> describe(name, directory, device));
    }

    /** The directory above the queue's own is that of its device. */
    private Optional<Path> owner(Path directory, String name) {
        try {
            Path above = directory.toRealPath().getParent();
            if (above != null && isDevice(above)) {
                return Optional.of(above);
            }
        } catch (IOException e) {
            return Optional.empty();
        }
        return devices().stream()
                .map(device -> sys.resolve(DEVICES).resolve(device))
                .filter(device -> Files.isDirectory(device.resolve(name)))
                .findFirst();
    }

    private static boolean isDevice(Path path) {
        return String.valueOf(path.getFileName()).matches("(dsa|iax)[0-9]+");
    }

    private WorkQueueNode describe(String name, Path directory, Path above) {
        String device = String.valueOf(above.getFileName());
        Attributes queue = new Attributes(directory);
        Attributes owner = new Attributes(above);
        String kind = device.substring(0, 3);
        BigInteger able = bits(owner.text("op_cap").orElse(""));
        BigInteger allowed =
                queue.text("op_config")
                        .filter(text -> !text.isBlank())
                        .map(DsaBus::bits)
                        .orElse(able);
        return new WorkQueueNode(
                name,
                device,
                directory,
                dev.resolve(kind).resolve(name),
                kind.equals("dsa") ? Device.DSA : Device.IAA,
                queue.text("state").orElse(""),
                queue.text("type").orElse(""),
                queue.text("mode").orElse("").equals("dedicated"),
                Math.clamp(queue.number("size").orElse(0), 1, MAX_SIZE),
                queue.number("block_on_fault").orElse(0) == 1,
                Math.min(
                        queue.number("max_transfer_size").orElse(Integer.MAX_VALUE),
                        owner.number("max_transfer_size").orElse(Integer.MAX_VALUE)),
                able.and(allowed),
                owner.number("pasid_enabled").orElse(0) == 1,
                owner.number("cmd_status").orElse(0),
                function(above));
    }

    private static String function(Path device) {
        Path above = device.getParent();
        String name = above == null ? "" : String.valueOf(above.getFileName());
        return PciPlace.is(name) ? name : "";
    }

    /** Groups of 32 bits, the highest first ({@code %*pb}, {@code op_cap_show_common}). */
    private static BigInteger bits(String text) {
        String digits = text.replace(",", "").strip();
        return digits.matches("[0-9a-fA-F]{1,64}") ? new BigInteger(digits, 16) : BigInteger.ZERO;
    }
}
