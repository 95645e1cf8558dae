package org.opensva.conformance.cli;

/** Says, when the JVM is ended from outside in the middle of a run, what is left of the run. */
final class Interruption implements AutoCloseable {

    private final Thread hook;

    private Interruption(Thread hook) {
        this.hook = hook;
    }

    /**
     * Begins to watch.
     *
     * @param console where to say it
     * @param journal true if there is a journal to go on from
     * @return what ends watching, once the run is over
     */
    static Interruption watch(Console console, boolean journal) {
        Thread hook =
                new Thread(
                        () ->
                                console.complain(
                                        journal
                                                ? "interrupted; the same command with --resume goes"
                                                        + " on where it was"
                                                : "interrupted; with --report it could be resumed"),
                        "interruption");
        Runtime.getRuntime().addShutdownHook(hook);
        return new Interruption(hook);
    }

    @Override
    public void close() {
        try {
            boolean _ = Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException ending) {
            // The JVM is on its way out already, and the hook has said so.
            return;
        }
    }
}
