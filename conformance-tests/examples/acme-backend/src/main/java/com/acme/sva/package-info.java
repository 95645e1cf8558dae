/**
 * The worked example of a third party: a whole platform for Shared Virtual Addressing, written from
 * nothing but the OpenSVA interfaces.
 *
 * <p>It is a software simulator without registers and without page-table bytes. Read it in the
 * order of its promises:
 *
 * <ol>
 *   <li>{@link com.acme.sva.AcmeBackendProvider} and {@link com.acme.sva.AcmeBackend}: how a
 *       platform is found, and what it claims;
 *   <li>{@link com.acme.sva.AcmeAddressSpace}, {@link com.acme.sva.PageMap} and {@link
 *       com.acme.sva.Mappings}: memory, and the rule <em>clear, invalidate, then free</em>;
 *   <li>{@link com.acme.sva.TranslationCache} and {@link com.acme.sva.Bond}: the device's cache of
 *       translations, used inside a guard that an invalidation waits for;
 *   <li>{@link com.acme.sva.AcmeAccelerator}, {@link com.acme.sva.AcmeQueue} and {@link
 *       com.acme.sva.AcmeQueueHandle}: the device as programs see it.
 * </ol>
 *
 * <p><b>Locks</b> are taken in this order only: accelerator, address space, then one of memory
 * object, translation cache, queue, pool. A device's worker holds none of them when it asks an
 * address space for a translation.
 *
 * <p>Not here: anything of OpenSVA beyond its api.
 */
@NullMarked
package com.acme.sva;

import org.jspecify.annotations.NullMarked;
