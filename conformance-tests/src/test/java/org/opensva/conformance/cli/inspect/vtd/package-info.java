/** Explanations of VT-d translations, compared with the model. */
@NullMarked
package org.opensva.conformance.cli.inspect.vtd;

import org.jspecify.annotations.NullMarked;
