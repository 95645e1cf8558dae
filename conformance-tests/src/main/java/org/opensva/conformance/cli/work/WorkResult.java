package org.opensva.conformance.cli.work;

/**
 * What was done.
 *
 * @param consumed bytes of input
 * @param produced bytes of output
 * @param jobs how many jobs the device did
 * @param value the CRC-32C of the input, where that was asked for; otherwise 0
 */
public record WorkResult(long consumed, long produced, long jobs, long value) {}
