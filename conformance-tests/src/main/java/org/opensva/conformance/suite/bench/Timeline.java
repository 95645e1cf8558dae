package org.opensva.conformance.suite.bench;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * What happened in a test, side by side: processes, kernel, IOMMU, translation caches and devices.
 * It has an order and no times, so that the same failure gives the same picture.
 *
 * @param moments what happened, in order
 * @param lost how many moments before the first one were not kept
 */
public record Timeline(List<Moment> moments, long lost) {

    /** Copies the moments. */
    public Timeline {
        moments = List.copyOf(moments);
    }

    /** Who did something. */
    public enum Lane {
        /** Processes: system calls, loads and stores, as the test's steps. */
        PROCESS("process", "Processes"),
        /** The kernel: PASIDs, bonds, releases, page frames. */
        KERNEL("kernel", "CPU and kernel"),
        /** The IOMMU: its queue, its tables, its IOTLB. */
        IOMMU("iommu", "IOMMU queue"),
        /** The caches of translations in devices, and their page requests. */
        ATC("atc", "ATC"),
        /** Accesses of devices. */
        DEVICE("device", "Device");

        private final String id;
        private final String title;

        Lane(String id, String title) {
            this.id = id;
            this.title = title;
        }

        /**
         * The name in certificates.
         *
         * @return lower case
         */
        public String id() {
            return id;
        }

        /**
         * The name in pictures.
         *
         * @return a few words
         */
        public String title() {
            return title;
        }

        /**
         * Finds a lane by its name.
         *
         * @param id a name as in {@link #id}
         * @return the lane, or empty if there is none of that name
         */
        public static Optional<Lane> ofId(String id) {
            return Arrays.stream(values()).filter(lane -> lane.id.equals(id)).findFirst();
        }
    }

    /**
     * Something that happened.
     *
     * @param lane who did it
     * @param what what it was, in a few words
     * @param detail numbers: PASID, address, length; may be empty
     * @param late true for what shows the breach: the access that came too late, or the last moment
     *     before it was seen
     * @param until for a span (what a backend tells by OpenTelemetry) the place among the moments
     *     of the last one before it ended, its own if there was none; otherwise -1
     */
    public record Moment(Lane lane, String what, String detail, boolean late, int until) {

        /**
         * Something that took no time.
         *
         * @param lane who did it
         * @param what what it was, in a few words
         * @param detail numbers: PASID, address, length; may be empty
         * @param late true for what shows the breach
         */
        public Moment(Lane lane, String what, String detail, boolean late) {
            this(lane, what, detail, late, -1);
        }

        /**
         * Tells whether it took time.
         *
         * @return true for a span
         */
        public boolean isSpan() {
            return until >= 0;
        }
    }
}
