/**
 * Carries a recording of an IOMMU out on another implementation of the same hardware: a memory
 * image and a list of steps go in, differences come out.
 *
 * <p>Start with {@link org.opensva.conformance.replay.Replayer}. A {@link
 * org.opensva.conformance.replay.Recording} is plain data, the same for every kind of IOMMU; a
 * {@link org.opensva.conformance.replay.ReplayedIommu} is what the steps are carried out on.
 *
 * <p>This is one package and not one in the module of each IOMMU, because nothing here depends on
 * the kind of IOMMU: registers are offsets, tables are bytes, requests come in by the ports of the
 * api. The modules of the IOMMUs may not know each other, so what they would share lives above
 * them, in the module that runs them both. What does depend on the kind (which model claims what
 * was recorded, how interrupts leave it, which recordings contradict its specification) is in
 * {@code org.opensva.conformance.cli.replay}, and so is how a recording is written in a file.
 */
@NullMarked
package org.opensva.conformance.replay;

import org.jspecify.annotations.NullMarked;
