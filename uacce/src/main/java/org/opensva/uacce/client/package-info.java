/**
 * The client library: what a program uses that wants work done and does not want to know queues.
 *
 * <p>Start with {@link org.opensva.uacce.client.ContextPool}: contexts (open queues) of one process
 * on any number of accelerators, a scheduler that chooses among them, buffers in the process's
 * memory, and calls that wait or hand out a future. The vocabulary is that of UADK: context,
 * scheduler, session. It is written against the accelerator and process packages of the SPI alone,
 * so it works on any backend.
 *
 * <p>Not here: rings and doorbells ({@code org.opensva.uacce.library}, or whatever the backend
 * has), and the adapters for streams and for the JDK's security framework, which are packages of
 * their own.
 */
@NullMarked
package org.opensva.uacce.client;

import org.jspecify.annotations.NullMarked;
