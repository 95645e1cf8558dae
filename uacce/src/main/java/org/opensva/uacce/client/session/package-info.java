/**
 * Sessions: one algorithm each, on bytes of the program or on addresses of its process.
 *
 * <p>A session knows how a job of its algorithm is written down, keys and parameters included, and
 * puts what it needs into buffers of the pool. It waits in the calling thread, or hands out a
 * future. What is secret lies in buffers that are overwritten before they are used again.
 *
 * <p>Not here: the JDK's interfaces for the same algorithms, which are adapters of their own.
 */
@NullMarked
package org.opensva.uacce.client.session;

import org.jspecify.annotations.NullMarked;
