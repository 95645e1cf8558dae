/**
 * The remapping hardware of Intel VT-d in scalable mode, as a model.
 *
 * <p>What will live here sees register accesses, physical memory and the requests of devices, and
 * nothing else. It knows no driver, and any bytes in registers, tables or queues will lead to an
 * outcome that the specification names.
 *
 * <p>It is still empty, and this module claims nothing: no backend offers VT-d.
 */
@NullMarked
package org.opensva.vtd.model;

import org.jspecify.annotations.NullMarked;
