/** Tests of the cache and of the guard. */
@NullMarked
package org.opensva.ats.cache;

import org.jspecify.annotations.NullMarked;
