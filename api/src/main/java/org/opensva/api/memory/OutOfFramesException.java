package org.opensva.api.memory;

/** Physical memory is exhausted. Operating-system code turns it into {@code ENOMEM}. */
public final class OutOfFramesException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message what was asked for and how much there is
     */
    public OutOfFramesException(String message) {
        super(message);
    }
}
