package org.opensva.uacce.client.session;

/** How a message is encrypted, beside its key. Immutable. */
public final class CipherParameters {

    private final byte[] iv;
    private final byte[] associated;
    private final int tagLength;
    private final long unit;

    /**
     * Says all of it.
     *
     * @param iv the IV, initial counter or number of the data unit; empty for none
     * @param associated additional authenticated data; empty for none
     * @param tagLength bytes of the tag of AES-GCM, 12 to 16; 0 for 16
     * @param unit bytes of a data unit of AES-XTS; 0 for one unit
     */
    public CipherParameters(byte[] iv, byte[] associated, int tagLength, long unit) {
        this.iv = iv.clone();
        this.associated = associated.clone();
        this.tagLength = tagLength;
        this.unit = unit;
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

    /**
     * The additional authenticated data.
     *
     * @return a copy; empty for none
     */
    public byte[] associated() {
        return associated.clone();
    }

    /** What a job needs of it. */
    Recipe complete(Recipe base) {
        return base.withIv(iv).withAssociated(associated).withTagLength(tagLength).withValue(unit);
    }
}
