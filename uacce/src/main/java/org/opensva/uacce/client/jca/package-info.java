/**
 * The JDK's security framework over accelerators.
 *
 * <p>{@link org.opensva.uacce.client.jca.OpenSvaProvider} offers digests, MACs, ciphers, signatures
 * and key agreements under their standard names. Objects behave as those of the JDK's own providers
 * do, which differential tests hold them to; where one cannot, its documentation says so.
 *
 * <p>Not here: what a job looks like, which the sessions know.
 */
@NullMarked
package org.opensva.uacce.client.jca;

import org.jspecify.annotations.NullMarked;
