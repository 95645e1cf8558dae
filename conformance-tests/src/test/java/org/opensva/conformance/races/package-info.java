/** Tests of the checkers of recorded races. */
@NullMarked
package org.opensva.conformance.races;

import org.jspecify.annotations.NullMarked;
