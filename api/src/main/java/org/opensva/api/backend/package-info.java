/**
 * Backends: whole platforms on which the SVA contract can be certified.
 *
 * <p>A vendor implements {@link org.opensva.api.backend.BackendProvider} and names it in {@code
 * META-INF/services/org.opensva.api.backend.BackendProvider}. An application finds and opens
 * backends through {@link org.opensva.api.backend.BackendCatalog}. What a backend can do is its
 * {@link org.opensva.api.backend.BackendDescriptor}, a set of {@link
 * org.opensva.api.backend.Capability capabilities} that decides which rules apply.
 *
 * <p>Not here: rules, tests and reports.
 */
@NullMarked
package org.opensva.api.backend;

import org.jspecify.annotations.NullMarked;
