package org.opensva.linux.idxd;

import org.opensva.linux.idxd.spec.CommandStatus;
import org.opensva.linux.idxd.spec.CompletionStatus;

import java.math.BigInteger;
import java.nio.file.Path;

/**
 * What sysfs says about a work queue ({@code Documentation/ABI/stable/sysfs-driver-dma-idxd}).
 *
 * @param name for example {@code wq0.0}
 * @param device whose queue it is, for example {@code dsa0}
 * @param directory where its attributes are
 * @param node its device node
 * @param kind DSA or IAA
 * @param state {@code enabled} or {@code disabled}
 * @param type {@code user} if processes may have it
 * @param dedicated true for one user at a time
 * @param size how many descriptors it holds
 * @param blockOnFault true if descriptors may wait for page faults
 * @param maxTransfer the most bytes of a descriptor
 * @param operations which operations it takes, a bit for each opcode
 * @param pasidEnabled true if the device has SVA
 * @param commandStatus why the last command to the device was refused, or 0
 * @param function the PCI function, for example {@code 0000:6a:01.0}; empty if it cannot be told
 */
public record WorkQueueNode(
        String name,
        String device,
        Path directory,
        Path node,
        CompletionStatus.Device kind,
        String state,
        String type,
        boolean dedicated,
        int size,
        boolean blockOnFault,
        long maxTransfer,
        BigInteger operations,
        boolean pasidEnabled,
        long commandStatus,
        String function) {

    /**
     * Says why processes cannot use it.
     *
     * @return one line, empty if they can
     */
    public String obstacle() {
        if (!pasidEnabled) {
            return device + " has no SVA: its pasid_enabled is 0";
        }
        if (!state.equals("enabled")) {
            String why = CommandStatus.text(commandStatus);
            return "it is "
                    + (state.isEmpty() ? "in no known state" : state)
                    + (why.isEmpty() ? "" : "; the last command failed: " + why);
        }
        return type.equals("user") ? "" : "its type is '" + type + "', and not 'user'";
    }

    /**
     * Says what would help.
     *
     * @return one line, empty if processes can use it
     */
    public String remedy() {
        if (!pasidEnabled) {
            return "intel_iommu=on,sm_on on the kernel's command line, a kernel that binds, and"
                    + " VT-d enabled in the firmware";
        }
        if (!state.equals("enabled")) {
            return "accel-config enable-device %s; accel-config enable-wq %s/%s"
                    .formatted(device, device, name);
        }
        return type.equals("user")
                ? ""
                : "accel-config config-wq %s/%s --type=user --driver-name=user"
                        .formatted(device, name);
    }
}
