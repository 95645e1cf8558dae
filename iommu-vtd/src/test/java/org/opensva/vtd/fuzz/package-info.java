/**
 * What coverage-guided fuzzing needs: bytes as a program. The targets themselves live beside what
 * they drive.
 */
@NullMarked
package org.opensva.vtd.fuzz;

import org.jspecify.annotations.NullMarked;
