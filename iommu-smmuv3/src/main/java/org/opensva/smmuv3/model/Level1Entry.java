package org.opensva.smmuv3.model;

/**
 * A cached level 1 descriptor, of the stream table or of a CD table.
 *
 * @param index its position in the level 1 table
 * @param descriptor its contents
 * @param stamp generation of the cache before the fetch
 */
record Level1Entry(long index, long descriptor, long stamp) {}
