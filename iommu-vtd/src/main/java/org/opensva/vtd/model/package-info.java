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
 * <p><b>Guard.</b> A request translates and moves its data inside a {@code Lane}. An invalidation
 * takes entries out of the caches at once; a wait descriptor behind it completes when every lane
 * that could have used such an entry has been left (section 6.5.2.10). Nothing waits inside a lane,
 * and nothing calls out of this package from inside one.
 *
 * <p><b>Locks.</b> The invalidation queue has a lock, and each event together with the status
 * registers that it tells of. Messages to devices are sent with the lock of the queue held at most;
 * interrupts are sent with no lock held.
 *
 * <p>Sections are those of revision 4.1 of the specification.
 */
@NullMarked
package org.opensva.vtd.model;

import org.jspecify.annotations.NullMarked;
