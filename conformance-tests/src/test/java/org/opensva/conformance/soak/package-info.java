/** Soaks of sound machines, and of machines that leave something behind. */
@NullMarked
package org.opensva.conformance.soak;

import org.jspecify.annotations.NullMarked;
