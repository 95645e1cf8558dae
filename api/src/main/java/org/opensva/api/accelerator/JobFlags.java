package org.opensva.api.accelerator;

/** How the fields of a {@link Job} are meant, as a set of bits. */
public final class JobFlags {

    /** The source is a {@link ScatterList}; the source length is the size of its first segment. */
    public static final int SOURCE_LIST = 1;

    /** The destination is a {@link ScatterList}; the capacity is the size of its first segment. */
    public static final int DESTINATION_LIST = 1 << 1;

    /** There is a parameter block ({@link JobParameters}). */
    public static final int PARAMETERS = 1 << 2;

    /**
     * Only inside {@link Operation#BATCH}: if a job before this one in the batch has failed, this
     * one and those behind it are not begun.
     */
    public static final int FENCE = 1 << 3;

    /** Every bit that has a meaning. */
    public static final int ALL = SOURCE_LIST | DESTINATION_LIST | PARAMETERS | FENCE;

    private JobFlags() {}
}
