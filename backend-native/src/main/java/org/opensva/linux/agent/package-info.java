/**
 * The agent: a tiny static program, emitted as an ELF file, that makes system calls, loads and
 * stores for whoever holds the other end of its socket.
 *
 * <p>{@link org.opensva.linux.agent.Keeper} starts agents and reaps them; {@link
 * org.opensva.linux.agent.AgentChannel} is the conversation with one of them.
 *
 * <p>Not here: what a process is to the SPI, and devices.
 */
@NullMarked
package org.opensva.linux.agent;

import org.jspecify.annotations.NullMarked;
