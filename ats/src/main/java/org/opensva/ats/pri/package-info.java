/**
 * The page request interface of an endpoint (PCI Express Base 6.x section 10.4): groups, credits,
 * responses, and how it stops.
 *
 * <p>Here: who waits for which group, and what an answer does. Not here: translations, and the
 * decision to ask.
 */
@NullMarked
package org.opensva.ats.pri;

import org.jspecify.annotations.NullMarked;
