package org.opensva.ats.link;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;

/**
 * What happens to messages, and how often.
 *
 * @param rates for each kind; a kind that is missing is left alone
 * @param longestDelay the longest delay of a message that is delayed
 */
public record LinkFaults(Map<LinkMessage, Rates> rates, Duration longestDelay) {

    /** Nothing happens. */
    public static final LinkFaults NONE = new LinkFaults(Map.of(), Duration.ofMillis(1));

    /** Checks the delay and copies the map. */
    public LinkFaults {
        if (longestDelay.isNegative() || longestDelay.isZero()) {
            throw new IllegalArgumentException(
                    "longestDelay is " + longestDelay + ", allowed: more than zero");
        }
        rates = Map.copyOf(rates);
    }

    /**
     * How often something happens to a message, in thousandths.
     *
     * @param dropped it is lost, 0 to 1000
     * @param duplicated it comes twice, 0 to 1000
     * @param delayed it comes later, 0 to 1000
     * @param garbled its bits flip on the wire, 0 to 1000: the data link layer finds that by its
     *     CRC and the sender repeats the packet, so that it comes later, but whole (PCI Express
     *     Base 6.x section 3.6)
     * @param poisoned it is damaged beyond that, in a switch, 0 to 1000: the receiver finds that by
     *     the end-to-end CRC or the poisoned bit and drops it (section 2.7)
     */
    public record Rates(int dropped, int duplicated, int delayed, int garbled, int poisoned) {

        /** Nothing happens. */
        public static final Rates NONE = new Rates(0, 0, 0);

        /**
         * Makes rates without damage.
         *
         * @param dropped it is lost, 0 to 1000
         * @param duplicated it comes twice, 0 to 1000
         * @param delayed it comes later, 0 to 1000
         */
        public Rates(int dropped, int duplicated, int delayed) {
            this(dropped, duplicated, delayed, 0, 0);
        }

        /** Checks the ranges. */
        public Rates {
            check(dropped, "dropped");
            check(duplicated, "duplicated");
            check(delayed, "delayed");
            check(garbled, "garbled");
            check(poisoned, "poisoned");
        }

        private static void check(int rate, String what) {
            if (rate < 0 || rate > 1000) {
                throw new IllegalArgumentException(what + " is " + rate + ", allowed: 0..1000");
            }
        }
    }

    /**
     * Adds a kind.
     *
     * @param kind which messages
     * @param added how often something happens to them
     * @return these faults and the new ones
     */
    public LinkFaults with(LinkMessage kind, Rates added) {
        Map<LinkMessage, Rates> all = new EnumMap<>(LinkMessage.class);
        all.putAll(rates);
        all.put(kind, added);
        return new LinkFaults(all, longestDelay);
    }

    /**
     * What happens to a kind.
     *
     * @param kind which messages
     * @return how often
     */
    public Rates of(LinkMessage kind) {
        return rates.getOrDefault(kind, Rates.NONE);
    }
}
