package org.opensva.linux.agent;

/** The agent does not answer any more: it has ended, or it took too long and was given up. */
public final class AgentGoneException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message what was found
     */
    public AgentGoneException(String message) {
        super(message);
    }
}
