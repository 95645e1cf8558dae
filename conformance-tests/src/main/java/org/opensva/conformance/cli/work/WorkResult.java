package org.opensva.conformance.cli.work;

/**
 * What was done.
 *
 * @param consumed bytes of input
 * @param produced bytes of output
 * @param digest the digest, MAC or checksum in hexadecimal, where one was asked for; otherwise
 *     empty
 * @param mismatch where two inputs differ first, from 0; -1 where they do not
 * @param jobs how many jobs devices did
 * @param retries how many were tried again because a device failed
 * @param repairs how many were tried again after the process had fetched pages for them
 * @param reopened how many queues were replaced
 */
public record WorkResult(
        long consumed,
        long produced,
        String digest,
        long mismatch,
        long jobs,
        long retries,
        long repairs,
        long reopened) {}
