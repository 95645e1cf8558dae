package org.opensva.conformance.report;

import org.opensva.conformance.report.seal.SigningKey;
import org.opensva.conformance.rules.RuleBook;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * A folder with the report of a run: {@code certificate.json}, {@code index.html}, {@code
 * junit.xml}, {@code open-test-report.xml} and {@code badge.svg}; with several backends one such
 * folder for each, and an {@code index.html} above.
 */
public final class ReportFolder {

    private static final String INDEX = "index.html";
    private static final String JUNIT = "junit.xml";
    private static final String OPEN_TEST = "open-test-report.xml";
    private static final String BADGE = "badge.svg";
    private static final String CERTIFICATE = "certificate.json";

    private final Path root;
    private final AtomicFiles files;
    private final RuleBook book;
    private final Optional<SigningKey> key;

    /**
     * Names a folder; nothing is written yet.
     *
     * @param root the folder
     * @param files how files are written
     * @param book the rules that the reports speak of
     * @param key who signs the certificates, or empty for nobody
     */
    public ReportFolder(Path root, AtomicFiles files, RuleBook book, Optional<SigningKey> key) {
        this.root = root;
        this.files = files;
        this.book = book;
        this.key = key;
    }

    /**
     * Makes sure before a run that its report can be written.
     *
     * @param backends the full names of those that will be judged
     * @throws IOException if the folder cannot be had, or something in it is in the way
     */
    public void prepare(List<String> backends) throws IOException {
        files.prepare(root);
        if (backends.size() == 1) {
            mustBeFree(root);
            return;
        }
        noFolder(root.resolve(INDEX));
        for (String backend : backends) {
            Path folder = root.resolve(folder(backend));
            if (Files.exists(folder) && !Files.isDirectory(folder)) {
                throw inTheWay("a file", folder);
            }
            mustBeFree(folder);
        }
    }

    private static void mustBeFree(Path folder) throws IOException {
        for (String name : List.of(INDEX, JUNIT, OPEN_TEST, BADGE, CERTIFICATE)) {
            noFolder(folder.resolve(name));
        }
    }

    private static void noFolder(Path file) throws IOException {
        if (Files.isDirectory(file)) {
            throw inTheWay("a folder", file);
        }
    }

    private static FileSystemException inTheWay(String what, Path path) {
        return new FileSystemException(
                path.toString(), null, "%s '%s' is in the way".formatted(what, path.getFileName()));
    }

    /**
     * Writes the report.
     *
     * @param certificates one for each backend that was judged
     * @param several true if more than one was asked for: then each gets a folder of its own
     * @return the page to look at first
     * @throws IOException if a file cannot be written; none is left half-written
     */
    public Path write(List<Certificate> certificates, boolean several) throws IOException {
        if (!several) {
            return write(root, certificates.getFirst());
        }
        SequencedMap<String, Certificate> folders = new LinkedHashMap<>();
        for (Certificate certificate : certificates) {
            String folder = folder(certificate.backend().qualifiedName());
            String unique = folder;
            for (int i = 2; folders.containsKey(unique); i++) {
                unique = folder + "-" + i;
            }
            folders.put(unique, certificate);
        }
        for (String folder : folders.sequencedKeySet()) {
            Path path = root.resolve(folder);
            Files.createDirectories(path);
            Certificate certificate = folders.get(folder);
            if (certificate != null) {
                write(path, certificate);
            }
        }
        Path index = root.resolve(INDEX);
        files.write(index, HtmlOverview.render(folders));
        return index;
    }

    private Path write(Path folder, Certificate certificate) throws IOException {
        // Rendered first: a fault in a renderer must not leave one file new and another one old.
        String html = HtmlReport.render(certificate, book);
        String junit = JunitReport.render(certificate);
        String open = OpenTestReport.render(certificate);
        String badge = Badge.render(certificate);
        String json = CertificateWriter.write(certificate, key);
        Path index = folder.resolve(INDEX);
        files.write(index, html);
        files.write(folder.resolve(JUNIT), junit);
        files.write(folder.resolve(OPEN_TEST), open);
        files.write(folder.resolve(BADGE), badge);
        files.write(folder.resolve(CERTIFICATE), json);
        return index;
    }

    /** A name that is the same on every file system: {@code emulated-smmuv3}. */
    static String folder(String backend) {
        return backend.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9.]+", "-");
    }
}
