/**
 * Probes of what a backend claims, in both directions: what it claims is asked for and has to work,
 * and what it does not claim is asked for too and has to be refused as the contract says. A
 * capability that nothing outside the backend shows is reported as unknown. Nothing here judges
 * rules.
 */
@NullMarked
package org.opensva.conformance.suite.claims;

import org.jspecify.annotations.NullMarked;
