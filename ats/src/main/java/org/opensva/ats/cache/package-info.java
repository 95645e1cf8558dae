/**
 * The address translation cache of an endpoint, and the guard that its entries are used in.
 *
 * <p>Here: where translations are kept ({@link org.opensva.ats.cache.AddressTranslationCache}),
 * what is remembered for each PASID ({@link org.opensva.ats.cache.PasidStates}) and which accesses
 * are running ({@link org.opensva.ats.cache.AccessGuards}). Not here: messages, ports, page
 * requests.
 */
@NullMarked
package org.opensva.ats.cache;

import org.jspecify.annotations.NullMarked;
