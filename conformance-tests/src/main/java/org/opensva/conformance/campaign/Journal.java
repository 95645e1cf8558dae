package org.opensva.conformance.campaign;

import org.opensva.conformance.report.CertificateException;
import org.opensva.conformance.report.TestResultJson;
import org.opensva.conformance.suite.TestResult;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The results of a campaign as they come, a line of JSON each, so that a campaign that was
 * interrupted goes on where it was. The first line says what campaign it is; only the same one goes
 * on. A last line that is cut is left out.
 *
 * <p><b>Threading.</b> Any thread may add.
 */
public final class Journal implements AutoCloseable {

    /** The form of the file; a change that breaks readers changes the number. */
    private static final String FORM = "opensva-journal/1";

    /** More would be no journal of ours. */
    private static final long LARGEST = 1L << 30;

    private final Map<String, List<TestResult>> known = new TreeMap<>();
    private final FileChannel file;
    private final Writer out;

    private Journal(FileChannel file) {
        this.file = file;
        this.out =
                new BufferedWriter(
                        new OutputStreamWriter(
                                Channels.newOutputStream(file), StandardCharsets.UTF_8));
    }

    /** It cannot be gone on with; the message is one line. */
    public static final class JournalException extends IOException {
        private static final long serialVersionUID = 1L;

        JournalException(String message) {
            super(message);
        }
    }

    /**
     * Begins a journal, instead of the one that may be there.
     *
     * @param path the file
     * @param campaign what makes the campaign what it is, by name
     * @return the open journal
     * @throws IOException if it cannot be written
     */
    public static Journal begin(Path path, Map<String, String> campaign) throws IOException {
        Journal journal =
                new Journal(
                        FileChannel.open(
                                path,
                                StandardOpenOption.CREATE,
                                StandardOpenOption.TRUNCATE_EXISTING,
                                StandardOpenOption.WRITE));
        journal.line(header(campaign));
        return journal;
    }

    /**
     * Goes on with a journal.
     *
     * @param path the file
     * @param campaign what makes the campaign what it is, by name
     * @return the open journal, which knows what it holds
     * @throws JournalException if it is not the journal of this campaign
     * @throws IOException if it cannot be read or written
     */
    public static Journal resume(Path path, Map<String, String> campaign) throws IOException {
        if (Files.size(path) > LARGEST) {
            throw new JournalException("it is larger than a journal can be");
        }
        List<String> lines = new ArrayList<>();
        long end = wholeLines(path, lines);
        if (lines.isEmpty()) {
            throw new JournalException("it is empty");
        }
        sameCampaign(parse(lines.getFirst(), 1), campaign);
        Journal journal =
                new Journal(FileChannel.open(path, StandardOpenOption.WRITE).truncate(end));
        try {
            for (int i = 1; i < lines.size(); i++) {
                JsonNode line = parse(lines.get(i), i + 1);
                journal.keep(line.path("backend").asString(""), TestResultJson.read(line));
            }
            journal.file.position(end);
            return journal;
        } catch (CertificateException e) {
            journal.close();
            throw new JournalException(String.valueOf(e.getMessage()));
        } catch (JournalException e) {
            journal.close();
            throw e;
        }
    }

    /** Collects the lines that were written to their end, and returns where the last one ends. */
    private static long wholeLines(Path path, List<String> lines) throws IOException {
        try (InputStream in = Files.newInputStream(path)) {
            byte[] bytes = in.readAllBytes();
            int start = 0;
            for (int i = 0; i < bytes.length; i++) {
                if (bytes[i] == '\n') {
                    lines.add(new String(bytes, start, i - start, StandardCharsets.UTF_8));
                    start = i + 1;
                }
            }
            return start;
        }
    }

    private static ObjectNode header(Map<String, String> campaign) {
        ObjectNode header = JsonMapper.shared().createObjectNode().put("journal", FORM);
        new TreeMap<>(campaign).forEach(header::put);
        return header;
    }

    private static ObjectNode parse(String line, int number) throws JournalException {
        try {
            if (JsonMapper.shared().readTree(line) instanceof ObjectNode object) {
                return object;
            }
        } catch (JacksonException | NumberFormatException e) {
            throw new JournalException("line " + number + " is not JSON");
        }
        throw new JournalException("line " + number + " is no object");
    }

    private static void sameCampaign(ObjectNode there, Map<String, String> campaign)
            throws JournalException {
        ObjectNode here = header(campaign);
        if (there.equals(here)) {
            return;
        }
        for (String name : here.propertyNames()) {
            if (!here.path(name).equals(there.path(name))) {
                throw new JournalException(
                        "it is of another campaign: its %s is %s, and not %s"
                                .formatted(
                                        name,
                                        there.path(name).asString("missing"),
                                        here.path(name).asString("")));
            }
        }
        throw new JournalException("it is of another campaign");
    }

    private void keep(String backend, TestResult result) {
        known.computeIfAbsent(key(backend, result.seed()), key -> new ArrayList<>()).add(result);
    }

    private static String key(String backend, long seed) {
        return backend + " " + Long.toHexString(seed);
    }

    /**
     * What was found before the journal was gone on with.
     *
     * @param backend the backend, as {@code name:variant}
     * @param seed the seed of the run
     * @return the results of that run
     */
    public List<TestResult> known(String backend, long seed) {
        return List.copyOf(known.getOrDefault(key(backend, seed), List.of()));
    }

    /**
     * Adds a result. What is added is in the file when this returns.
     *
     * @param backend the backend, as {@code name:variant}
     * @param result what a test found
     * @throws IOException if it cannot be written
     */
    public void add(String backend, TestResult result) throws IOException {
        ObjectNode line = JsonMapper.shared().createObjectNode().put("backend", backend);
        TestResultJson.write(line, result);
        line(line);
    }

    private synchronized void line(ObjectNode line) throws IOException {
        out.write(line.toString());
        out.write('\n');
        out.flush();
    }

    @Override
    public void close() throws IOException {
        out.close();
    }
}
