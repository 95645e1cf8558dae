package org.opensva.uacce.client.session;

/**
 * How a message is encrypted, beside its key.
 *
 * @param iv the IV, initial counter or number of the data unit; empty for none
 * @param associated additional authenticated data; empty for none
 * @param tagLength bytes of the tag of AES-GCM, 12 to 16; 0 for 16
 * @param unit bytes of a data unit of AES-XTS; 0 for one unit
 */
public record CipherParameters(byte[] iv, byte[] associated, int tagLength, long unit) {

    /** Copies the bytes. */
    public CipherParameters {
        iv = iv.clone();
        associated = associated.clone();
    }

    /**
     * A message with an IV, and otherwise nothing said.
     *
     * @param iv the IV; empty for none
     * @return its parameters
     */
    public static CipherParameters of(byte[] iv) {
        return new CipherParameters(iv, new byte[0], 0, 0);
    }

    /**
     * The same with additional authenticated data.
     *
     * @param bytes the data
     * @return a changed copy
     */
    public CipherParameters withAssociated(byte[] bytes) {
        return new CipherParameters(iv, bytes, tagLength, unit);
    }
}
