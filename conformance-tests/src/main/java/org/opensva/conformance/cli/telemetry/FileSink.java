package org.opensva.conformance.cli.telemetry;

import io.opentelemetry.sdk.logs.data.LogRecordData;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.trace.data.SpanData;

import org.opensva.conformance.cli.words.Reason;

import tools.jackson.databind.JsonNode;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collection;

/** A file of OTLP JSON, one batch in each line (OpenTelemetry protocol file exporter). */
final class FileSink implements Sink {

    private final BufferedWriter out;

    private FileSink(BufferedWriter out) {
        this.out = out;
    }

    static FileSink open(String path) {
        try {
            return new FileSink(Files.newBufferedWriter(Path.of(path), StandardCharsets.UTF_8));
        } catch (NoSuchFileException e) {
            throw new TelemetryException(wrong(path, "its folder does not exist"), e);
        } catch (IOException e) {
            throw new TelemetryException(wrong(path, Reason.of(e)), e);
        } catch (InvalidPathException e) {
            throw new TelemetryException(wrong(path, String.valueOf(e.getMessage())), e);
        }
    }

    private static String wrong(String path, String reason) {
        return "cannot write telemetry to '%s': %s".formatted(path, reason);
    }

    @Override
    public void spans(Collection<SpanData> spans) throws IOException {
        write(OtlpJson.spans(spans));
    }

    @Override
    public void metrics(Collection<MetricData> metrics) throws IOException {
        write(OtlpJson.metrics(metrics));
    }

    @Override
    public void logs(Collection<LogRecordData> logs) throws IOException {
        write(OtlpJson.logs(logs));
    }

    private void write(JsonNode batch) throws IOException {
        out.write(batch.toString());
        out.write('\n');
        out.flush();
    }

    @Override
    public void close() throws IOException {
        out.close();
    }
}
