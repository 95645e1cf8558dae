package org.opensva.conformance.cli;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The console of the process. */
final class SystemConsole {

    private SystemConsole() {}

    static Console open() {
        return new Console(
                new FileInputStream(FileDescriptor.in),
                // System.out would swallow errors.
                new FileOutputStream(FileDescriptor.out),
                new FileOutputStream(FileDescriptor.err),
                System.out.charset(),
                new Console.Terminals(isTerminal(1), isTerminal(2)),
                System.getenv());
    }

    /**
     * Linux tells for each descriptor what it is; elsewhere Java knows only whether input and
     * output together are a terminal.
     */
    private static boolean isTerminal(int descriptor) {
        try {
            String target =
                    Files.readSymbolicLink(Path.of("/proc/self/fd", String.valueOf(descriptor)))
                            .toString();
            return target.startsWith("/dev/pts/")
                    || target.startsWith("/dev/tty")
                    || target.equals("/dev/console");
        } catch (IOException | UnsupportedOperationException e) {
            return Optional.ofNullable(System.console())
                    .map(java.io.Console::isTerminal)
                    .orElse(false);
        }
    }
}
