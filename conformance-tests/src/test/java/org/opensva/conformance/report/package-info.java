/** Tests of certificates and reports. Not here: tests of rules, or of commands. */
@NullMarked
package org.opensva.conformance.report;

import org.jspecify.annotations.NullMarked;
