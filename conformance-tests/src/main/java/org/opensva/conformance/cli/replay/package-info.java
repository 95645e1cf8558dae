/**
 * The command {@code opensva replay}: recordings of IOMMUs in the neutral format {@code
 * opensva-iommu-vector/1}, carried out on the models of this project.
 *
 * <p>{@link org.opensva.conformance.cli.replay.ReplayCommand} is the command, {@code
 * RecordingFiles} finds what is named on the command line, and {@code RecordingReader} turns a file
 * into a {@link org.opensva.conformance.replay.Recording}. {@code IommuKind} lists the kinds of
 * IOMMU, each with its model and with the expectations that contradict its specification. What is
 * wrong with a file is one line.
 *
 * <p>Not here: how a step is carried out and compared ({@link org.opensva.conformance.replay}). The
 * suite does not use this package: a recording is about one IOMMU, a rule about any.
 */
@NullMarked
package org.opensva.conformance.cli.replay;

import org.jspecify.annotations.NullMarked;
