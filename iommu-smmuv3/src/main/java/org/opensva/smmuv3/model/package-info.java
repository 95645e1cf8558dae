/**
 * The SMMUv3 as hardware: registers, queues, stream and context tables, translation table walks,
 * translation and configuration caches, stalled transactions, ATS and PRI.
 *
 * <p>Start with {@link org.opensva.smmuv3.model.SmmuV3}. It sees register accesses, physical
 * memory, and what devices send, and nothing else. Any bytes in registers, tables or queues lead to
 * an outcome that Arm IHI 0070 G.b defines: an event record, a global error, an abort. No exception
 * leaves it and no loop depends on what memory holds.
 *
 * <p>Not here: bit positions (package {@code layout}) and everything that software does (package
 * {@code driver}), which this package must not import.
 *
 * <p><b>Guard.</b> A transaction translates and moves its data inside a {@code Lane}. Invalidation
 * commands take entries out of the caches at once; the CMD_SYNC behind them completes only when
 * every lane that could have used such an entry has been left (section 4.7.3). Nothing waits inside
 * a lane, and nothing calls out of this package from inside one.
 *
 * <p><b>Locks.</b> Command processing has one lock, each output queue and the stall buffer their
 * own. Messages to devices are sent with the command lock held; interrupts are sent with no lock
 * held.
 */
@NullMarked
package org.opensva.smmuv3.model;

import org.jspecify.annotations.NullMarked;
