/**
 * What coverage-guided fuzzing needs: bytes as a program. The targets themselves live beside what
 * they drive.
 */
@NullMarked
package org.opensva.smmuv3.fuzz;

import org.jspecify.annotations.NullMarked;
