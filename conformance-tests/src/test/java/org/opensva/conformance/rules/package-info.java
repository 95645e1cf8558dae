/** Tests of the rule book and of everything that is generated from it. */
@NullMarked
package org.opensva.conformance.rules;

import org.jspecify.annotations.NullMarked;
