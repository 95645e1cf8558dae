package org.opensva.conformance.cli.work;

/** What encryption and MACs need. */
public final class Secrets {

    private final byte[] key;
    private final byte[] iv;
    private final byte[] associated;
    private final boolean decrypt;
    private final int segment;

    /**
     * Collects them.
     *
     * @param key the key
     * @param iv the IV; empty to have one made and put before the ciphertext, or read there
     * @param associated additional authenticated data
     * @param decrypt true for the way back
     * @param segment with AES-GCM how many bytes are sealed on their own; 0 for all as one message
     */
    public Secrets(byte[] key, byte[] iv, byte[] associated, boolean decrypt, int segment) {
        this.key = key.clone();
        this.iv = iv.clone();
        this.associated = associated.clone();
        this.decrypt = decrypt;
        this.segment = segment;
    }

    /**
     * Nothing secret.
     *
     * @return no key, no IV
     */
    public static Secrets none() {
        byte[] none = {};
        return new Secrets(none, none, none, false, 0);
    }

    byte[] key() {
        return key;
    }

    byte[] iv() {
        return iv;
    }

    byte[] associated() {
        return associated;
    }

    boolean decrypt() {
        return decrypt;
    }

    int segment() {
        return segment;
    }
}
