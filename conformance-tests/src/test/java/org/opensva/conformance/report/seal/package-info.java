/** Tests of the canonical form, the digest and the signature. */
@NullMarked
package org.opensva.conformance.report.seal;

import org.jspecify.annotations.NullMarked;
