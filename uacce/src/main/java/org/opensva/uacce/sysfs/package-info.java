/**
 * The attributes of a device as a tree of files.
 *
 * <p>{@link org.opensva.uacce.sysfs.AttributeTree} is the mechanism: paths, permissions, and what
 * the kernel does before a driver sees a call. {@link org.opensva.uacce.sysfs.UacceAttributes} is
 * the contents, with the texts and errors of {@code drivers/misc/uacce/uacce.c}.
 *
 * <p>Not here: what the attributes tell and change, which is the driver's.
 */
@NullMarked
package org.opensva.uacce.sysfs;

import org.jspecify.annotations.NullMarked;
