/** Tests of the configuration registers. */
@NullMarked
package org.opensva.ats.config;

import org.jspecify.annotations.NullMarked;
