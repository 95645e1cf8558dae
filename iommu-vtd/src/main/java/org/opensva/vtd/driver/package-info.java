/**
 * The software side of Intel VT-d: what an operating system's driver does.
 *
 * <p>What will live here programs remapping hardware through its registers and through memory only,
 * so that it could drive any implementation of the specification and not just this module's model.
 *
 * <p>It is still empty, and this module claims nothing: no backend offers VT-d.
 */
@NullMarked
package org.opensva.vtd.driver;

import org.jspecify.annotations.NullMarked;
