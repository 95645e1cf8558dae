/**
 * Where the command line sends what the layers tell about themselves: the OpenTelemetry SDK with
 * its autoconfiguration, OTLP, the console, a file of OTLP JSON, a page that Prometheus scrapes,
 * and the tree of spans that {@code opensva trace} prints.
 *
 * <p>Start with {@link org.opensva.conformance.cli.telemetry.TelemetryOptions}, the options that a
 * command mixes in, and {@link org.opensva.conformance.cli.telemetry.Telemetry}, which they open.
 * Nothing is started when nobody asks.
 *
 * <p>Not here: names of spans and metrics ({@link org.opensva.api.telemetry}), and anything that
 * emits.
 */
@NullMarked
package org.opensva.conformance.cli.telemetry;

import org.jspecify.annotations.NullMarked;
