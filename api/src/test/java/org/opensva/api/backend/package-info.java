/** Tests of how backends are found, named and opened. */
@NullMarked
package org.opensva.api.backend;

import org.jspecify.annotations.NullMarked;
