/**
 * Child JVMs: a chapter of the suite runs in one, so that a backend that crashes, hangs or ends the
 * JVM costs a test and not the run.
 *
 * <p>{@link org.opensva.conformance.cli.chapter.ChildJvm} is the parent's end, {@link
 * org.opensva.conformance.cli.chapter.ParentLink} the child's. They talk through a Unix domain
 * socket in a folder of their own, which is also the child's folder for temporary files; a backend
 * may print what it likes. A child whose parent is gone ends itself and removes the folder.
 */
@NullMarked
package org.opensva.conformance.cli.chapter;

import org.jspecify.annotations.NullMarked;
