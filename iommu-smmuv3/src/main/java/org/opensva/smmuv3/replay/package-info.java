/**
 * Replays recordings of other SMMUs on the model: a memory image and a list of steps go in,
 * differences come out.
 *
 * <p>Start with {@link org.opensva.smmuv3.replay.Replayer}. A {@link
 * org.opensva.smmuv3.replay.Recording} is plain data; how it is written in a file is not the
 * business of this package, which reads none. It uses the model as software and devices do, through
 * registers, memory and ports.
 */
@NullMarked
package org.opensva.smmuv3.replay;

import org.jspecify.annotations.NullMarked;
