package org.opensva.linux.uacce;

import org.opensva.linux.node.Attributes;

import java.nio.file.Path;
import java.util.List;

/**
 * Finds uacce devices.
 *
 * <p><b>Threading.</b> Any thread may call.
 *
 * @param sys where {@code /sys} is
 * @param dev where {@code /dev} is
 */
public record UacceClass(Path sys, Path dev) {

    private static final String CLASS = "class/uacce";

    /**
     * Looks.
     *
     * @return the devices by name; empty if there are none, or no uacce at all
     */
    public List<UacceNode> devices() {
        Attributes all = new Attributes(sys.resolve(CLASS));
        return all.list("").stream().map(this::device).toList();
    }

    /**
     * Tells whether the kernel has the class.
     *
     * @return false without {@code CONFIG_UACCE}, or with its module not loaded
     */
    public boolean present() {
        return new Attributes(sys.resolve(CLASS)).exists();
    }

    private UacceNode device(String name) {
        Path directory = sys.resolve(CLASS).resolve(name);
        Attributes read = new Attributes(directory);
        return new UacceNode(
                name,
                directory,
                dev.resolve(name),
                read.text("api").orElse(""),
                read.number("flags").orElse(0),
                read.text("algorithms").map(text -> List.of(text.split("\\s+"))).orElse(List.of()),
                read.number("region_mmio_size").orElse(0),
                read.number("region_dus_size").orElse(0),
                read.link("device").orElse(""));
    }
}
