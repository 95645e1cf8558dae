/** Tests of whole endpoints, against a translation agent whose tables are a map. */
@NullMarked
package org.opensva.ats;

import org.jspecify.annotations.NullMarked;
