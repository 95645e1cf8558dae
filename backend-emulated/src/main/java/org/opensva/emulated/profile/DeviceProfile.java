package org.opensva.emulated.profile;

import org.opensva.api.ats.EndpointConfig;
import org.opensva.api.iommu.RequesterId;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads the description of a device.
 *
 * <p>Not named fields: {@code pasidBits} 20, {@code ats} and {@code pri} true, {@code stall} false,
 * {@code atcEntries} 4096, {@code invalidateQueueDepth} 32, {@code outstandingPageRequests} 128.
 */
final class DeviceProfile {

    /** Like a uacce device: {@code <driver>-<id>}. */
    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9]{0,30}-[0-9]{1,4}");

    private static final Pattern REQUESTER =
            Pattern.compile("([0-9a-f]{2}):([01][0-9a-f])\\.([0-7])");

    private static final int HEX = 16;

    private DeviceProfile() {}

    static EndpointConfig read(ProfileFields fields) {
        String name = fields.text("name");
        if (!NAME.matcher(name).matches()) {
            throw fields.wrong("name", "is not a driver's name, a hyphen and a number");
        }
        String address = fields.text("requester");
        RequesterId requester =
                requester(address)
                        .orElseThrow(() ->
                                fields.wrong("requester", "is not like '01:00.0', bus first"));
        int pasidBits = fields.integer("pasidBits", 0, 20, 20);
        boolean ats = fields.flag("ats", true);
        boolean pri = fields.flag("pri", ats);
        boolean stall = fields.flag("stall", false);
        if (pri && !ats) {
            throw fields.wrong("pri", "needs 'ats'");
        }
        if (stall && ats) {
            throw fields.wrong("stall", "and 'ats' exclude each other");
        }
        int atcEntries = fields.integer("atcEntries", 1, 1 << 20, 4096);
        if (Integer.bitCount(atcEntries) != 1) {
            throw fields.wrong("atcEntries", "is not a power of two");
        }
        EndpointConfig device =
                new EndpointConfig(
                        name,
                        requester,
                        pasidBits,
                        ats,
                        pri,
                        stall,
                        atcEntries,
                        fields.integer("invalidateQueueDepth", 1, 32, 32),
                        fields.integer("outstandingPageRequests", 1, 512, 128));
        fields.mustBeEmpty();
        return device;
    }

    private static Optional<RequesterId> requester(String text) {
        Matcher parts = REQUESTER.matcher(text);
        return parts.matches()
                ? Optional.of(
                        RequesterId.of(
                                Integer.parseInt(parts.group(1), HEX),
                                Integer.parseInt(parts.group(2), HEX),
                                Integer.parseInt(parts.group(3), HEX)))
                : Optional.empty();
    }
}
