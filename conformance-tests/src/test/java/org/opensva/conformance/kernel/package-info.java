/** The emulated kernel beside a real one: the same system calls, the same answers. */
@NullMarked
package org.opensva.conformance.kernel;

import org.jspecify.annotations.NullMarked;
