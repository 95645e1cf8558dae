/**
 * What the queues of uacce devices look like: rings, doorbells, descriptors. Bits and numbers only.
 *
 * <p>Each type names the two sources that it was taken from: the kernel's driver ({@code
 * drivers/crypto/hisilicon}) and the user library UADK ({@code drv}). Every word is little-endian.
 *
 * <p>Not here: behaviour. Nothing opens, maps or waits.
 */
@NullMarked
package org.opensva.linux.uacce.spec;

import org.jspecify.annotations.NullMarked;
