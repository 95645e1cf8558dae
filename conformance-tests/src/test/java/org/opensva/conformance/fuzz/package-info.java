/**
 * What coverage-guided fuzzing needs: bytes as a program. The targets themselves live beside what
 * they drive.
 */
@NullMarked
package org.opensva.conformance.fuzz;

import org.jspecify.annotations.NullMarked;
