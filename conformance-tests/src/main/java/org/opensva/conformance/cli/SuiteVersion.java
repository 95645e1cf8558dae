package org.opensva.conformance.cli;

import org.opensva.conformance.rules.RuleBook;

import picocli.CommandLine.IVersionProvider;

/** Which version this is. */
final class SuiteVersion implements IVersionProvider {

    private static final int SHORT_DIGEST = 12;

    /** Needed by picocli. */
    SuiteVersion() {}

    /** The version of the suite; the packaging puts it into the manifest. */
    static String current() {
        String version = SuiteVersion.class.getPackage().getImplementationVersion();
        return version == null ? "unpackaged" : version;
    }

    @Override
    public String[] getVersion() {
        RuleBook book = RuleBook.load();
        return new String[] {
            "opensva " + current(),
            "rule book of %d rules, SHA-256 %s..."
                    .formatted(book.rules().size(), book.digest().substring(0, SHORT_DIGEST)),
            "Java " + System.getProperty("java.version", "unknown")
        };
    }
}
