package org.opensva.conformance.cli.work;

/**
 * How work is to be done.
 *
 * @param task what to do
 * @param window how many bytes are given to the device at once, at least 1
 * @param queues how many queues to open on each accelerator, at least 1
 * @param depth how many jobs may be under way in each queue, at least 1
 * @param level of compression, 1 to 9, 0 for the device's own choice
 * @param secrets what encryption and MACs need
 * @param length how many bytes a fill writes
 * @param pattern what a fill writes: eight bytes, little-endian
 */
public record WorkRequest(
        Task task,
        int window,
        int queues,
        int depth,
        int level,
        Secrets secrets,
        long length,
        long pattern) {

    /**
     * What encryption and MACs need.
     *
     * @param key the key
     * @param iv the IV; empty to have one made and put before the ciphertext, or read there
     * @param associated additional authenticated data
     * @param decrypt true for the way back
     * @param segment with AES-GCM how many bytes are sealed on their own; 0 for all as one message
     */
    public record Secrets(byte[] key, byte[] iv, byte[] associated, boolean decrypt, int segment) {
        /** Nothing secret. */
        public static final Secrets NONE =
                new Secrets(new byte[0], new byte[0], new byte[0], false, 0);
    }
}
