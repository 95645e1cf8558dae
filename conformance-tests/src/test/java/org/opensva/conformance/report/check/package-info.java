/** Tests of what is found in certificates that are there. */
@NullMarked
package org.opensva.conformance.report.check;

import org.jspecify.annotations.NullMarked;
