/**
 * What the parts of the kernel have in common: spaces of numbers that go round.
 *
 * <p>The kernel itself is in the packages below: {@code mm} is memory management, {@code process}
 * has processes and their files, {@code sva} binds address spaces to devices. Both use {@code mm};
 * they do not know each other. Nothing of this package knows any of them.
 */
@NullMarked
package org.opensva.emulated.kernel;

import org.jspecify.annotations.NullMarked;
