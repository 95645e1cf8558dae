/**
 * Address translation services as bytes on the link: transaction layer packets of non-flit mode,
 * with the PASID prefix.
 *
 * <p>Here: {@link org.opensva.ats.message.Tlp the packets} as values and {@link
 * org.opensva.ats.message.TlpCodec their bytes}. Not here: who sends them when. Flit mode, which
 * has header content in place of prefixes, is not supported: no second source for its layout is at
 * hand.
 */
@NullMarked
package org.opensva.ats.message;

import org.jspecify.annotations.NullMarked;
