package org.opensva.api.telemetry;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.metrics.ObservableLongMeasurement;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * The series of one metric of the control plane: by device, by up to two labels and, where asked
 * for, by PASID. Attributes are made once for each series; counting is an addition.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class SeriesTable {

    /** More series than any closed set of labels makes; what comes later shares one. */
    private static final int MOST = 2000;

    /** A PASID of a key that stands for all that have no series of their own. */
    private static final int OTHERS = -2;

    private record Key(int requester, int pasid, String first, String second) {}

    /** One series. */
    public static final class Series {

        private final Attributes attributes;
        private final LongAdder count = new LongAdder();

        private Series(Attributes attributes) {
            this.attributes = attributes;
        }

        /**
         * What the series is recorded with.
         *
         * @return its attributes
         */
        public Attributes attributes() {
            return attributes;
        }

        /**
         * Counts.
         *
         * @param amount how much
         */
        public void add(long amount) {
            count.add(amount);
        }
    }

    private final Attributes common;
    private final Map<Integer, String> devices;
    private final PasidLimit pasids;
    private final List<AttributeKey<String>> labels;
    private final Map<Key, Series> rows = new ConcurrentHashMap<>();
    private final Series overflow;

    /**
     * Creates a table without series.
     *
     * @param common what every series has
     * @param devices the names of devices by requester id
     * @param pasids which PASIDs have series of their own
     * @param labels the keys of the labels, at most two
     */
    public SeriesTable(
            Attributes common,
            Map<Integer, String> devices,
            PasidLimit pasids,
            List<AttributeKey<String>> labels) {
        if (labels.size() > 2) {
            throw new IllegalArgumentException("at most two labels, not " + labels.size());
        }
        this.common = common;
        this.devices = Map.copyOf(devices);
        this.pasids = pasids;
        this.labels = List.copyOf(labels);
        overflow = new Series(common.toBuilder().put(SvaAttributes.OVERFLOW, true).build());
    }

    Attributes common() {
        return common;
    }

    /**
     * Finds a series, or begins it.
     *
     * @param requester the requester id, or -1 for no device
     * @param pasid the PASID, or -1
     * @param first the value of the first label
     * @param second the value of the second label
     * @return the series
     */
    public Series of(int requester, int pasid, String first, @Nullable String second) {
        int own = !pasids.isOn() || pasid < 0 ? -1 : pasids.admits(pasid) ? pasid : OTHERS;
        Key key = new Key(requester, own, first, second == null ? "" : second);
        Series known = rows.get(key);
        if (known != null) {
            return known;
        }
        return rows.size() >= MOST
                ? overflow
                : rows.computeIfAbsent(key, k -> new Series(attributes(k)));
    }

    private Attributes attributes(Key key) {
        AttributesBuilder all = common.toBuilder();
        if (key.requester() >= 0) {
            all.put(SvaAttributes.REQUESTER, (long) key.requester());
            String name = devices.get(key.requester());
            if (name != null) {
                all.put(SvaAttributes.DEVICE, name);
            }
        }
        if (key.pasid() >= 0) {
            all.put(SvaAttributes.PASID, (long) key.pasid());
        } else if (key.pasid() == OTHERS) {
            all.put(SvaAttributes.OVERFLOW, true);
        }
        if (!labels.isEmpty()) {
            all.put(labels.getFirst(), key.first());
        }
        if (labels.size() > 1) {
            all.put(labels.get(1), key.second());
        }
        return all.build();
    }

    /**
     * Tells what was counted, for {@link SvaMetric#observe}.
     *
     * @param points where to
     */
    public void observe(ObservableLongMeasurement points) {
        rows.values().forEach(series -> points.record(series.count.sum(), series.attributes));
        long beyond = overflow.count.sum();
        if (beyond != 0) {
            points.record(beyond, overflow.attributes);
        }
    }
}
