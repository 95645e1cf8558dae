/**
 * What remains of a certification: the certificate as a value, and the files that are written from
 * it.
 *
 * <p>{@link org.opensva.conformance.report.Certificate} is the value; {@link
 * org.opensva.conformance.report.CertificateWriter} and {@link
 * org.opensva.conformance.report.CertificateReader} turn it into JSON and back, in the form that
 * {@code certificate-1.schema.json} beside this package describes. {@link
 * org.opensva.conformance.report.HtmlReport}, {@link org.opensva.conformance.report.HtmlOverview}
 * and {@link org.opensva.conformance.report.JunitReport} render it for people and for CI systems.
 * {@link org.opensva.conformance.report.AtomicFiles} writes files so that there is a whole file or
 * none.
 *
 * <p>Not here: how rules are judged, and anything that prints to a terminal. Renderers are pure
 * functions of their arguments; the same certificate gives the same bytes.
 */
@NullMarked
package org.opensva.conformance.report;

import org.jspecify.annotations.NullMarked;
