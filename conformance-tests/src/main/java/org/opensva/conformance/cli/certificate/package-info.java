/**
 * The commands that work on certificates: {@code opensva verify}, {@code opensva diff} and {@code
 * opensva merge}.
 *
 * <p>They read files and print; what is right or different is found out in {@link
 * org.opensva.conformance.report.check}.
 */
@NullMarked
package org.opensva.conformance.cli.certificate;

import org.jspecify.annotations.NullMarked;
