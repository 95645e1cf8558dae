/** Tests of packets, byte by byte. */
@NullMarked
package org.opensva.ats.message;

import org.jspecify.annotations.NullMarked;
