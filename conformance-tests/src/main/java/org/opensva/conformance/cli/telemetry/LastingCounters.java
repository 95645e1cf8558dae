package org.opensva.conformance.cli.telemetry;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.logs.LoggerProvider;
import io.opentelemetry.api.metrics.DoubleCounterBuilder;
import io.opentelemetry.api.metrics.DoubleGaugeBuilder;
import io.opentelemetry.api.metrics.DoubleHistogramBuilder;
import io.opentelemetry.api.metrics.DoubleUpDownCounterBuilder;
import io.opentelemetry.api.metrics.LongCounter;
import io.opentelemetry.api.metrics.LongCounterBuilder;
import io.opentelemetry.api.metrics.LongUpDownCounter;
import io.opentelemetry.api.metrics.LongUpDownCounterBuilder;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.api.metrics.MeterBuilder;
import io.opentelemetry.api.metrics.MeterProvider;
import io.opentelemetry.api.metrics.ObservableLongCounter;
import io.opentelemetry.api.metrics.ObservableLongMeasurement;
import io.opentelemetry.api.metrics.ObservableLongUpDownCounter;
import io.opentelemetry.api.trace.TracerProvider;
import io.opentelemetry.context.propagation.ContextPropagators;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * An SDK whose observable counters outlast the machines that they are observed on. A command opens
 * one machine after the other, or several at once, and a machine takes its counters with it when it
 * is closed: here the last value of each stays, and machines of one name add up, so that a counter
 * never falls back and the last collection has everything.
 *
 * <p><b>Threading.</b> Any thread may call. Callbacks are called without a lock held.
 */
final class LastingCounters implements OpenTelemetry {

    private final OpenTelemetry sdk;
    private final Map<String, Meter> meters = new ConcurrentHashMap<>();

    LastingCounters(OpenTelemetry sdk) {
        this.sdk = sdk;
    }

    @Override
    public TracerProvider getTracerProvider() {
        return sdk.getTracerProvider();
    }

    @Override
    public LoggerProvider getLogsBridge() {
        return sdk.getLogsBridge();
    }

    @Override
    public ContextPropagators getPropagators() {
        return sdk.getPropagators();
    }

    @Override
    public MeterProvider getMeterProvider() {
        return scope -> new Scope(scope, sdk.getMeterProvider().meterBuilder(scope));
    }

    /** Builds the meter of a scope, once. */
    private final class Scope implements MeterBuilder {

        private final String name;
        private final MeterBuilder builder;

        Scope(String name, MeterBuilder builder) {
            this.name = name;
            this.builder = builder;
        }

        @Override
        public MeterBuilder setSchemaUrl(String url) {
            builder.setSchemaUrl(url);
            return this;
        }

        @Override
        public MeterBuilder setInstrumentationVersion(String version) {
            builder.setInstrumentationVersion(version);
            return this;
        }

        @Override
        public Meter build() {
            return meters.computeIfAbsent(name, key -> new LastingMeter(builder.build()));
        }
    }

    private static final class LastingMeter implements Meter {

        private final Meter meter;
        private final Map<String, Sum> sums = new ConcurrentHashMap<>();

        LastingMeter(Meter meter) {
            this.meter = meter;
        }

        @Override
        public LongCounterBuilder counterBuilder(String name) {
            return new Counter(name, meter.counterBuilder(name), sums);
        }

        @Override
        public LongUpDownCounterBuilder upDownCounterBuilder(String name) {
            return new UpDownCounter(name, meter.upDownCounterBuilder(name), sums);
        }

        @Override
        public DoubleHistogramBuilder histogramBuilder(String name) {
            return meter.histogramBuilder(name);
        }

        @Override
        public DoubleGaugeBuilder gaugeBuilder(String name) {
            return meter.gaugeBuilder(name);
        }
    }

    private static final class Counter implements LongCounterBuilder {

        private final String name;
        private final LongCounterBuilder builder;
        private final Map<String, Sum> sums;

        Counter(String name, LongCounterBuilder builder, Map<String, Sum> sums) {
            this.name = name;
            this.builder = builder;
            this.sums = sums;
        }

        @Override
        public LongCounterBuilder setDescription(String description) {
            builder.setDescription(description);
            return this;
        }

        @Override
        public LongCounterBuilder setUnit(String unit) {
            builder.setUnit(unit);
            return this;
        }

        @Override
        public DoubleCounterBuilder ofDoubles() {
            return builder.ofDoubles();
        }

        @Override
        public LongCounter build() {
            return builder.build();
        }

        @Override
        public ObservableLongCounter buildWithCallback(
                Consumer<ObservableLongMeasurement> callback) {
            Ending ending =
                    sums.computeIfAbsent(
                                    name,
                                    key -> {
                                        Sum sum = new Sum(true);
                                        // Observed as long as the SDK lives.
                                        ObservableLongCounter _ =
                                                builder.buildWithCallback(sum::tell);
                                        return sum;
                                    })
                            .begin(callback);
            return new ObservableLongCounter() {
                @Override
                public void close() {
                    ending.close();
                }
            };
        }
    }

    private static final class UpDownCounter implements LongUpDownCounterBuilder {

        private final String name;
        private final LongUpDownCounterBuilder builder;
        private final Map<String, Sum> sums;

        UpDownCounter(String name, LongUpDownCounterBuilder builder, Map<String, Sum> sums) {
            this.name = name;
            this.builder = builder;
            this.sums = sums;
        }

        @Override
        public LongUpDownCounterBuilder setDescription(String description) {
            builder.setDescription(description);
            return this;
        }

        @Override
        public LongUpDownCounterBuilder setUnit(String unit) {
            builder.setUnit(unit);
            return this;
        }

        @Override
        public DoubleUpDownCounterBuilder ofDoubles() {
            return builder.ofDoubles();
        }

        @Override
        public LongUpDownCounter build() {
            return builder.build();
        }

        @Override
        public ObservableLongUpDownCounter buildWithCallback(
                Consumer<ObservableLongMeasurement> callback) {
            Ending ending =
                    sums.computeIfAbsent(
                                    name,
                                    key -> {
                                        // What was in use is not, when its machine is closed.
                                        Sum sum = new Sum(false);
                                        ObservableLongUpDownCounter _ =
                                                builder.buildWithCallback(sum::tell);
                                        return sum;
                                    })
                            .begin(callback);
            return new ObservableLongUpDownCounter() {
                @Override
                public void close() {
                    ending.close();
                }
            };
        }
    }

    /** Ends what a machine observes. */
    private interface Ending {
        void close();
    }

    /** What all machines have counted, those that are closed and those that are not. */
    private static final class Sum {

        private final boolean keeps;
        private final Map<Attributes, Long> ended = new HashMap<>();
        private final List<Consumer<ObservableLongMeasurement>> live = new ArrayList<>();

        Sum(boolean keeps) {
            this.keeps = keeps;
        }

        Ending begin(Consumer<ObservableLongMeasurement> callback) {
            synchronized (this) {
                live.add(callback);
            }
            AtomicBoolean closed = new AtomicBoolean();
            return () -> {
                if (closed.compareAndSet(false, true)) {
                    end(callback);
                }
            };
        }

        private void end(Consumer<ObservableLongMeasurement> callback) {
            Map<Attributes, Long> last = new HashMap<>();
            callback.accept(into(last));
            synchronized (this) {
                live.remove(callback);
                last.forEach((series, value) -> ended.merge(series, keeps ? value : 0, Long::sum));
            }
        }

        void tell(ObservableLongMeasurement points) {
            Map<Attributes, Long> all;
            List<Consumer<ObservableLongMeasurement>> callbacks;
            synchronized (this) {
                all = new LinkedHashMap<>(ended);
                callbacks = List.copyOf(live);
            }
            callbacks.forEach(callback -> callback.accept(into(all)));
            all.forEach((series, value) -> points.record(value, series));
        }

        private static ObservableLongMeasurement into(Map<Attributes, Long> sums) {
            return new ObservableLongMeasurement() {
                @Override
                public void record(long value) {
                    record(value, Attributes.empty());
                }

                @Override
                public void record(long value, Attributes series) {
                    sums.merge(series, value, Long::sum);
                }
            };
        }
    }
}
