package org.opensva.api.telemetry;

import io.opentelemetry.api.metrics.DoubleHistogram;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.api.metrics.ObservableLongMeasurement;

import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * The metrics: name, instrument, unit (UCUM) and description of each, so that whoever emits one
 * emits the same one. {@code TELEMETRY.md} has their attributes.
 */
public enum SvaMetric {
    /** Translations asked of the IOMMU. */
    TRANSLATIONS(
            "iommu.translations",
            Instrument.COUNTER,
            "{translation}",
            "Translations asked of the IOMMU, untranslated requests and ATS requests alike"),
    /** Look-ups in the IOTLB. */
    IOTLB_LOOKUPS("iommu.iotlb.lookups", Instrument.COUNTER, "{lookup}", "Look-ups in the IOTLB"),
    /** Entries dropped from the IOTLB for want of room. */
    IOTLB_EVICTIONS(
            "iommu.iotlb.evictions",
            Instrument.COUNTER,
            "{entry}",
            "Entries dropped from the IOTLB for want of room"),
    /**
     * Look-ups in the cache of page-table walks, one for each walk that could begin below its root.
     */
    WALK_CACHE_LOOKUPS(
            "iommu.walk_cache.lookups",
            Instrument.COUNTER,
            "{lookup}",
            "Look-ups in the cache of page-table walks"),
    /** Tables dropped from the cache of page-table walks for want of room. */
    WALK_CACHE_EVICTIONS(
            "iommu.walk_cache.evictions",
            Instrument.COUNTER,
            "{entry}",
            "Tables dropped from the cache of page-table walks for want of room"),
    /** Page-table descriptors read by walks. */
    WALK_READS(
            "iommu.walk.reads",
            Instrument.COUNTER,
            "{read}",
            "Page-table descriptors read by walks"),
    /** Look-ups in the ATC of a device. */
    ATC_LOOKUPS("ats.atc.lookups", Instrument.COUNTER, "{lookup}", "Look-ups in an ATC"),
    /** Entries dropped from the ATC of a device for want of room. */
    ATC_EVICTIONS(
            "ats.atc.evictions",
            Instrument.COUNTER,
            "{entry}",
            "Entries dropped from an ATC for want of room"),
    /** Bytes moved by a device. */
    DMA_IO("iommu.dma.io", Instrument.COUNTER, "By", "Bytes moved by a device"),
    /** Invalidations issued by the driver. */
    INVALIDATIONS(
            "sva.invalidations",
            Instrument.COUNTER,
            "{invalidation}",
            "Invalidations issued by the driver of the IOMMU"),
    /** Duration of an invalidation. */
    INVALIDATION_DURATION(
            "sva.invalidation.duration",
            Instrument.HISTOGRAM,
            "s",
            "From a change of page tables until no device can reach what was there"),
    /** Page-request groups and stalled transactions reported. */
    PAGE_REQUESTS(
            "iommu.page_requests",
            Instrument.COUNTER,
            "{request}",
            "Page-request groups and stalled transactions reported"),
    /** Answers to page-request groups and stalled transactions. */
    PAGE_RESPONSES(
            "iommu.page_responses",
            Instrument.COUNTER,
            "{response}",
            "Answers to page-request groups and stalled transactions"),
    /** Duration of a page request. */
    PAGE_REQUEST_DURATION(
            "iommu.page_request.duration",
            Instrument.HISTOGRAM,
            "s",
            "From the report of a page request to its response"),
    /** Faults recorded by the IOMMU. */
    FAULTS("iommu.faults", Instrument.COUNTER, "{fault}", "Faults recorded by the IOMMU"),
    /** PASIDs in use. */
    PASIDS("sva.pasids", Instrument.UP_DOWN_COUNTER, "{pasid}", "PASIDs in use"),
    /** Jobs submitted and not completed. */
    QUEUE_DEPTH(
            "uacce.queue.depth",
            Instrument.UP_DOWN_COUNTER,
            "{job}",
            "Jobs submitted to a device and not completed"),
    /** Jobs completed. */
    JOBS("uacce.jobs", Instrument.COUNTER, "{job}", "Jobs that have ended"),
    /** Bytes consumed and produced by jobs. */
    JOB_IO("uacce.job.io", Instrument.COUNTER, "By", "Bytes consumed and produced by jobs"),
    /** Duration of a job. */
    JOB_DURATION(
            "uacce.job.duration",
            Instrument.HISTOGRAM,
            "s",
            "From the submission of a job to its completion");

    /** The kinds of instruments in use. */
    public enum Instrument {
        /** An observable counter: read when somebody collects, never written on a hot path. */
        COUNTER("Counter"),
        /** An observable up-down counter. */
        UP_DOWN_COUNTER("UpDownCounter"),
        /** A histogram, recorded on the control plane. */
        HISTOGRAM("Histogram");

        private final String title;

        Instrument(String title) {
            this.title = title;
        }

        /**
         * The name in the semantic conventions.
         *
         * @return for example {@code UpDownCounter}
         */
        public String title() {
            return title;
        }
    }

    // Powers of two from about 1 us to about 1 s: what is measured spans six decades.
    private static final List<Double> SECONDS =
            IntStream.rangeClosed(-20, 0).mapToObj(i -> Math.scalb(1.0, i)).toList();

    private final String id;
    private final Instrument instrument;
    private final String unit;
    private final String description;

    SvaMetric(String id, Instrument instrument, String unit, String description) {
        this.id = id;
        this.instrument = instrument;
        this.unit = unit;
        this.description = description;
    }

    /**
     * The name.
     *
     * @return lower case, dotted
     */
    public String id() {
        return id;
    }

    /**
     * What it is recorded with.
     *
     * @return the kind of instrument
     */
    public Instrument instrument() {
        return instrument;
    }

    /**
     * The unit.
     *
     * @return in UCUM
     */
    public String unit() {
        return unit;
    }

    /**
     * What it measures.
     *
     * @return a phrase without a full stop
     */
    public String description() {
        return description;
    }

    /**
     * Makes the instrument of a counter, which is read when somebody collects.
     *
     * @param meter where it belongs
     * @param callback tells the values; called by the thread that collects
     * @return ends the observation
     * @throws IllegalStateException if this is not a counter
     */
    public AutoCloseable observe(Meter meter, Consumer<ObservableLongMeasurement> callback) {
        return switch (instrument) {
            case COUNTER ->
                    meter.counterBuilder(id)
                            .setUnit(unit)
                            .setDescription(description)
                            .buildWithCallback(callback);
            case UP_DOWN_COUNTER ->
                    meter.upDownCounterBuilder(id)
                            .setUnit(unit)
                            .setDescription(description)
                            .buildWithCallback(callback);
            case HISTOGRAM -> throw new IllegalStateException(id + " is recorded, not observed");
        };
    }

    /**
     * Makes the instrument of a histogram.
     *
     * @param meter where it belongs
     * @return a histogram of seconds
     * @throws IllegalStateException if this is not a histogram
     */
    public DoubleHistogram histogram(Meter meter) {
        if (instrument != Instrument.HISTOGRAM) {
            throw new IllegalStateException(id + " is observed, not recorded");
        }
        return meter.histogramBuilder(id)
                .setUnit(unit)
                .setDescription(description)
                .setExplicitBucketBoundariesAdvice(SECONDS)
                .build();
    }

    /**
     * Ends observations.
     *
     * @param instruments what {@link #observe} gave
     */
    public static void close(List<AutoCloseable> instruments) {
        for (AutoCloseable instrument : instruments) {
            try {
                instrument.close();
            } catch (Exception e) {
                // Ends an observation; AutoCloseable declares what OpenTelemetry never throws.
                throw new IllegalStateException(e);
            }
        }
    }
}
