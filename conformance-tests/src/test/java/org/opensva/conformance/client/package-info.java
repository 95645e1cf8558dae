/** The client library on whole backends, emulated and native: what programs do and suffer. */
package org.opensva.conformance.client;
