/** Tests of the page request interface. */
@NullMarked
package org.opensva.ats.pri;

import org.jspecify.annotations.NullMarked;
