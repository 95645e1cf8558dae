/**
 * How long a backend takes for what users wait for: binds, unmappings with their invalidations,
 * page requests, jobs. The figures are reported beside the verdicts and decide none of them.
 */
@NullMarked
package org.opensva.conformance.suite.profile;

import org.jspecify.annotations.NullMarked;
