/** Decoding and explaining, compared with the model. */
@NullMarked
package org.opensva.smmuv3.inspect;

import org.jspecify.annotations.NullMarked;
