package org.opensva.conformance.cli;

import org.opensva.conformance.report.AtomicFiles;

/** The program {@code opensva}. */
public final class Main {

    private Main() {}

    /**
     * Runs the command line on the streams of the process and ends the JVM.
     *
     * @param args what the user typed
     */
    public static void main(String[] args) {
        AtomicFiles files = new AtomicFiles();
        // After an interrupt nothing half-written remains.
        Runtime.getRuntime().addShutdownHook(new Thread(files::abandon, "opensva-abandon"));
        System.exit(execute(SystemConsole.open(), files, args));
    }

    /**
     * Runs the command line; nothing outside the console and the named files is touched.
     *
     * @param console where it reads and writes
     * @param args what the user typed
     * @return the exit status, one of {@link ExitStatus}
     */
    public static int execute(Console console, String... args) {
        return execute(console, new AtomicFiles(), args);
    }

    static int execute(Console console, AtomicFiles files, String... args) {
        return new Program(Context.of(console, files)).run(args);
    }
}
