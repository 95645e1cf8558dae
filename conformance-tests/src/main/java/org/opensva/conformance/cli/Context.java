package org.opensva.conformance.cli;

import org.opensva.conformance.report.AtomicFiles;

import java.util.function.LongSupplier;

/**
 * What every command is given.
 *
 * @param console where it reads and writes
 * @param files how it writes files
 * @param nanoTime the clock of progress displays
 */
record Context(Console console, AtomicFiles files, LongSupplier nanoTime) {}
