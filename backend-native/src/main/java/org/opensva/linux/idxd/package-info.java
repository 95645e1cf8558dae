/**
 * Real work queues of Intel's DSA and IAA: found in {@code /sys/bus/dsa}, opened by processes as
 * {@code /dev/dsa/wqN.M} and {@code /dev/iax/wqN.M}, given descriptors by {@code write(2)}.
 *
 * <p>The portal is not mapped: the parts that exist need {@code CAP_SYS_RAWIO} for that
 * (INTEL-SA-01084), and the instructions that write to it are not to be had from Java.
 *
 * <p>Not here: bits and numbers, which are in the package {@code spec}.
 */
@NullMarked
package org.opensva.linux.idxd;

import org.jspecify.annotations.NullMarked;
