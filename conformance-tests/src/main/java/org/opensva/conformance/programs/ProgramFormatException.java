package org.opensva.conformance.programs;

import org.jspecify.annotations.Nullable;

/** A text is not a program; the message names the line and says what is wrong with it. */
public final class ProgramFormatException extends Exception {

    private static final long serialVersionUID = 1L;

    ProgramFormatException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
