package org.opensva.conformance.cli.words;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/** Puts into words why a file could not be read or written. */
public final class Reason {

    private Reason() {}

    /**
     * Says why.
     *
     * @param e what reading or writing ended with
     * @return a few words, without the name of the file, beginning with a small letter
     */
    public static String of(IOException e) {
        return switch (e) {
            case NoSuchFileException _ -> "no such file or directory";
            case AccessDeniedException _ -> "permission denied";
            case FileAlreadyExistsException _ -> "it exists already";
            case NotDirectoryException _ -> "not a directory";
            case CharacterCodingException _ -> "not text in UTF-8";
            case FileSystemLoopException _ -> "symbolic links form a loop";
            case FileSystemException f when f.getReason() != null -> lower(f.getReason());
            default ->
                    e.getMessage() == null ? e.getClass().getSimpleName() : lower(e.getMessage());
        };
    }

    private static String lower(String text) {
        boolean sentence =
                text.length() > 1
                        && Character.isUpperCase(text.charAt(0))
                        && Character.isLowerCase(text.charAt(1));
        return sentence ? Character.toLowerCase(text.charAt(0)) + text.substring(1) : text;
    }
}
