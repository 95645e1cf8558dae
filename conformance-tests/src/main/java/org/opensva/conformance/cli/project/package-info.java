/**
 * {@code opensva new-backend}: writes the project that a vendor begins with. The files are
 * templates among the resources, with a few names to fill in; a test compiles and certifies what
 * comes out.
 */
@NullMarked
package org.opensva.conformance.cli.project;

import org.jspecify.annotations.NullMarked;
