/** Tests of the VT-d model. */
@NullMarked
package org.opensva.vtd.model;

import org.jspecify.annotations.NullMarked;
