/** Explanations of SMMUv3 translations, compared with the model. */
@NullMarked
package org.opensva.conformance.cli.inspect.smmuv3;

import org.jspecify.annotations.NullMarked;
