/**
 * Accelerators as Linux's uacce makes them: char devices with queues that are bound to the address
 * space of the process that opened them.
 *
 * <p>Start with {@link org.opensva.uacce.UacceDevice}. Behind it, from user to hardware: {@code
 * library} (what runs in the process), {@code cdev} (the driver), {@code queue} (the hardware),
 * {@code engine} (what does the work). Each knows only those behind it, and the engines are known
 * to nobody: they come through {@link org.opensva.api.accelerator.EngineFactory}.
 */
@NullMarked
package org.opensva.uacce;

import org.jspecify.annotations.NullMarked;
