/** Recordings of other SMMUs, replayed on the model. */
@NullMarked
package org.opensva.smmuv3.replay;

import org.jspecify.annotations.NullMarked;
