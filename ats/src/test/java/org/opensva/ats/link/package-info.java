/** Tests of the link that misbehaves. */
@NullMarked
package org.opensva.ats.link;

import org.jspecify.annotations.NullMarked;
