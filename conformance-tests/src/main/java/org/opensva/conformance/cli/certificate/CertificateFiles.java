package org.opensva.conformance.cli.certificate;

import org.opensva.conformance.cli.words.Reason;
import org.opensva.conformance.cli.words.TextFile;
import org.opensva.conformance.report.Certificate;
import org.opensva.conformance.report.CertificateException;
import org.opensva.conformance.report.CertificateReader;
import org.opensva.conformance.report.seal.Seal;
import org.opensva.conformance.report.seal.SealException;

import tools.jackson.databind.node.ObjectNode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Function;

/** Reads certificates and keys that users name; what cannot be read is told in one line. */
public final class CertificateFiles {

    /** A certificate of every rule with every failure drawn takes a few megabytes. */
    static final int LARGEST = 16 << 20;

    private static final int LARGEST_KEY = 1 << 16;
    private static final String NAME = "certificate.json";

    private CertificateFiles() {}

    /**
     * The text of a certificate.
     *
     * @param file the file, or the folder of a report
     * @return the text
     * @throws InputException if it cannot be read or is not text
     */
    static String text(Path file) {
        Path actual = Files.isDirectory(file) ? file.resolve(NAME) : file;
        return read(actual, LARGEST);
    }

    /**
     * A certificate that is what was sealed: what is read here is compared, or goes into another
     * certificate, and would be believed there.
     *
     * @param file the file, or the folder of a report
     * @return the certificate
     * @throws InputException if it is none, or was changed since
     */
    static Certificate read(Path file) {
        try {
            ObjectNode document = CertificateReader.document(text(file));
            Certificate certificate = CertificateReader.read(document);
            if (!Seal.isIntact(document)) {
                throw new InputException(
                        "'%s': digest: the content is not what was sealed".formatted(file));
            }
            Seal.signer(document);
            return certificate;
        } catch (SealException e) {
            throw new InputException("'%s': seal: %s".formatted(file, e.getMessage()), e);
        } catch (CertificateException e) {
            throw new InputException("'%s': %s".formatted(file, e.getMessage()), e);
        }
    }

    /**
     * A key.
     *
     * @param file a PEM file
     * @param reader what makes a key of its text
     * @param <T> the kind of key
     * @return the key
     * @throws InputException if it holds none
     */
    public static <T> T key(Path file, Function<String, T> reader) {
        try {
            return reader.apply(read(file, LARGEST_KEY));
        } catch (SealException e) {
            throw new InputException("key '%s': %s".formatted(file, e.getMessage()), e);
        }
    }

    private static String read(Path file, int largest) {
        try {
            return TextFile.read(file, largest);
        } catch (IOException e) {
            throw new InputException("'%s': %s".formatted(file, Reason.of(e)), e);
        }
    }
}
