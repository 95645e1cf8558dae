package org.opensva.conformance.cli.bench;

import org.HdrHistogram.Histogram;
import org.openjdk.jmh.util.Statistics;

import java.util.Iterator;
import java.util.Map;

/**
 * How long single operations took, which a mean does not tell: percentiles of a histogram with
 * three significant digits.
 *
 * @param half nanoseconds within which half of the operations ended
 * @param most nanoseconds within which 99 % did
 * @param nearlyAll nanoseconds within which 99.9 % did
 * @param worst nanoseconds of the slowest
 * @param operations how many were timed
 */
record Latency(long half, long most, long nearlyAll, long worst, long operations) {

    private static final int DIGITS = 3;

    /** The percentiles of what JMH timed one by one. */
    static Latency of(Statistics samples) {
        Histogram histogram = new Histogram(DIGITS);
        Iterator<Map.Entry<Double, Long>> raw = samples.getRawData();
        while (raw.hasNext()) {
            Map.Entry<Double, Long> sample = raw.next();
            histogram.recordValueWithCount(
                    Math.max(0, Math.round(sample.getKey())), sample.getValue());
        }
        return new Latency(
                histogram.getValueAtPercentile(50),
                histogram.getValueAtPercentile(99),
                histogram.getValueAtPercentile(99.9),
                histogram.getMaxValue(),
                histogram.getTotalCount());
    }
}
