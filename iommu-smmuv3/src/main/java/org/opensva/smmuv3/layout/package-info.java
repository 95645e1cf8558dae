/**
 * Bit layouts and encodings of the SMMUv3: registers, stream table entries, context descriptors,
 * translation table descriptors, commands, event records and PRI queue entries, as Arm IHI 0070 G.b
 * defines them.
 *
 * <p>Lives here: positions, widths, numbers and names, each with its section, and arithmetic that
 * is part of an encoding (for example the byte span of a range invalidation). Lives not here:
 * behaviour. Nothing in this package decides what an SMMU or a driver does with a value, reads
 * memory, or knows of another package of this project.
 *
 * <p>A field is a {@link org.opensva.smmuv3.layout.Field}: a name, a 64-bit word, a lowest bit and
 * a width. The fields of one structure form a {@link org.opensva.smmuv3.layout.Structure}, and
 * {@link org.opensva.smmuv3.layout.Layouts} lists every structure. Methods that extract or place
 * bits work on primitives and allocate nothing. Everything is immutable and safe for use by many
 * threads, except {@link org.opensva.smmuv3.layout.EntryEncoder}.
 *
 * <p>Only what software of the Non-secure state can see has a layout here, except that the fields
 * of entries that are RES0 for Non-secure software are named for the benefit of decoders.
 */
@NullMarked
package org.opensva.smmuv3.layout;

import org.jspecify.annotations.NullMarked;
