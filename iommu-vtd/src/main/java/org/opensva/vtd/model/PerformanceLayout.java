package org.opensva.vtd.model;

import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
import org.opensva.vtd.layout.PerformanceRegisters.CounterConfig;

/** Where this implementation has its performance monitoring registers (section 11.4). */
final class PerformanceLayout {

    /** Number of counters. */
    static final int COUNTERS = 4;

    /** Width of a counter in bits. */
    static final int COUNTER_BITS = 48;

    /** The first counter configuration. */
    static final int CONFIGURATION = 0x600;

    /** The freeze status. */
    static final int FREEZE = 0xa00;

    /** The overflow status. */
    static final int OVERFLOW = 0xa08;

    /** The first counter. */
    static final int COUNTER = 0x1000;

    /** Bytes from one counter to the next. */
    static final int COUNTER_STRIDE = 1024;

    /** The end of the registers. */
    static final int END = COUNTER + COUNTERS * COUNTER_STRIDE;

    // Group n has its event capability 8 * n after that of group 0.
    private static final int EVENT_CAPABILITIES = 0x380;
    private static final int EVENT_CAPABILITIES_END = 0x400;

    private PerformanceLayout() {}

    /** Whether an offset belongs to relocated performance monitoring registers. */
    static boolean contains(long offset, long ecap) {
        return Ecap.PMS.isSet(ecap)
                && (offset >= CONFIGURATION
                                && offset < CONFIGURATION + COUNTERS * CounterConfig.STRIDE
                        || offset >= FREEZE && offset < OVERFLOW + 8
                        || offset >= EVENT_CAPABILITIES && offset < EVENT_CAPABILITIES_END
                        || offset >= COUNTER && offset < END);
    }
}
