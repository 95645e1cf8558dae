/**
 * The PCI Express endpoint: what stands between a device's engines and the link, with an address
 * translation cache, a page request interface and the switches in configuration space.
 *
 * <p>Here: the factory that the rest of the platform uses, and how the parts of an endpoint play
 * together. Each part lives in a package of its own: {@link org.opensva.ats.cache the cache and its
 * guard}, {@link org.opensva.ats.pri page requests}, {@link org.opensva.ats.config configuration
 * space}. What the parts may not know is each other.
 */
@NullMarked
package org.opensva.ats;

import org.jspecify.annotations.NullMarked;
