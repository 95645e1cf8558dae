/**
 * What a work queue of Intel's DSA and IAA is given and what it answers: descriptors, completion
 * records, status codes, from {@code include/uapi/linux/idxd.h} and the "Intel Data Streaming
 * Accelerator Architecture Specification". Bits and numbers only, little-endian.
 *
 * <p>Not here: behaviour. Nothing opens, writes or waits.
 */
@NullMarked
package org.opensva.linux.idxd.spec;

import org.jspecify.annotations.NullMarked;
