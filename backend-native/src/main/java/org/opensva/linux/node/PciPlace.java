package org.opensva.linux.node;

import org.opensva.api.iommu.RequesterId;

/** The place of a PCI function as sysfs names it: {@code domain:bus:device.function}. */
public final class PciPlace {

    private static final String FORM = "[0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\\.[0-7]";

    private PciPlace() {}

    /**
     * Tells whether a name is that of a function.
     *
     * @param name a name in sysfs
     * @return true for {@code 0000:6a:01.0} and its like
     */
    public static boolean is(String name) {
        return name.matches(FORM);
    }

    /**
     * Reads who a function is on the bus.
     *
     * @param name a name in sysfs
     * @return the requester id; 0 if it is not the name of a function
     */
    public static RequesterId requester(String name) {
        if (!is(name)) {
            return RequesterId.of(0, 0, 0);
        }
        String place = name.substring(name.indexOf(':') + 1);
        return RequesterId.of(
                Integer.parseInt(place.substring(0, 2), 16),
                Integer.parseInt(place.substring(3, 5), 16),
                place.charAt(6) - '0');
    }
}
