/**
 * Bit layouts and encodings of Intel VT-d: registers, legacy and scalable tables, paging entries,
 * invalidation queue descriptors, page requests, fault records and interrupt remapping, as the
 * Intel Virtualization Technology for Directed I/O specification defines them.
 *
 * <p>Lives here: positions, widths, numbers and names, each with its section, and arithmetic that
 * is part of an encoding (for example the range of a device-TLB invalidation). Lives not here:
 * behaviour. Nothing in this package decides what remapping hardware or a driver does with a value,
 * reads memory, or knows of another package of this project.
 *
 * <p>A field is a {@link org.opensva.vtd.layout.Field}: a name, a 64-bit word, a lowest bit and a
 * width. The fields of one structure form a {@link org.opensva.vtd.layout.Structure}, and {@link
 * org.opensva.vtd.layout.Layouts} lists every structure. Methods that extract or place bits work on
 * primitives and allocate nothing. Everything is immutable and safe for use by many threads, except
 * {@link org.opensva.vtd.layout.EntryEncoder}.
 *
 * <p>Section numbers and names are those of revision 4.1, where chapter 11.4 holds the registers
 * (10.4 before revision 4.0) and "first-stage" and "second-stage" stand for the older "first-level"
 * and "second-level". Fields that revision 4.0 removed are kept as overlays and say so, because
 * tables written for older hardware have them. Each layout agrees in two independent sources unless
 * its comment names the only one.
 */
@NullMarked
package org.opensva.vtd.layout;

import org.jspecify.annotations.NullMarked;
