package org.opensva.conformance.cli.telemetry;

import io.opentelemetry.sdk.logs.data.LogRecordData;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.trace.data.SpanData;

import java.io.IOException;
import java.util.Collection;

/**
 * Takes what is told, in batches; one at a time. A failure is reported once and ends neither the
 * telemetry nor the command.
 */
interface Sink extends AutoCloseable {

    /** Takes spans that have ended. */
    void spans(Collection<SpanData> spans) throws IOException;

    /** Takes metrics as they are now. */
    void metrics(Collection<MetricData> metrics) throws IOException;

    /** Takes log events. */
    void logs(Collection<LogRecordData> logs) throws IOException;

    @Override
    void close() throws IOException;
}
