/**
 * The remapping hardware of Intel VT-d as a model: registers, queues, tables, walks, caches,
 * device-TLBs, page requests and interrupt remapping.
 *
 * <p>Start with {@link org.opensva.vtd.model.VtdIommu}. It sees register accesses, physical memory
 * and what devices send, and nothing else. Any bytes in registers, tables or queues lead to an
 * outcome that the specification names: a fault record, a queue error, an aborted request. No
 * exception leaves it and no loop depends on what memory holds.
 *
 * <p>Not here: bit positions (package {@code layout}) and everything that software does (package
 * {@code driver}), which this package must not import.
 *
 * <p>Sections are those of revision 4.1 of the specification.
 */
@NullMarked
package org.opensva.vtd.model;

import org.jspecify.annotations.NullMarked;
