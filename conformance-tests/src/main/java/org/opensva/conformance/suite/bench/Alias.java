package org.opensva.conformance.suite.bench;

/**
 * The alias oracle: one memory object, mapped twice. When the first view is unmapped while a device
 * writes through it, the second must stop changing.
 *
 * @param first the view that the device uses
 * @param second the view that shows what the device did
 * @param fd the memory object in the file table of the process
 */
public record Alias(Memory first, Memory second, int fd) {}
