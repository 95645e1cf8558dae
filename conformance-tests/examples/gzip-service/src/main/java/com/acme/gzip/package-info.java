/**
 * A service that compresses what is uploaded to it on an accelerator, and tells of each request in
 * one trace: the caller's, if it sent one, down to the page faults of the device.
 *
 * <p>Start with {@link com.acme.gzip.GzipService}. {@link com.acme.gzip.TracedHandler} is all that
 * it does for tracing; below the client library the spans come by themselves.
 */
@NullMarked
package com.acme.gzip;

import org.jspecify.annotations.NullMarked;
