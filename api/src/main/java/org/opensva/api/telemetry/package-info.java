/**
 * The names of everything OpenSVA tells about itself (spans, metrics, attributes, hardware counters
 * and hardware events), and what backends emit them with: spans of calls and of invalidations, log
 * events of faults, meters that read what hardware counts.
 *
 * <p>Start with {@link org.opensva.api.telemetry.SvaTelemetry}, the list of OpenTelemetry names,
 * and {@link org.opensva.api.telemetry.HardwareEvent}, the record of what hardware and its driver
 * did, which white-box rules are checked against.
 *
 * <p>Not here: exporters, the OpenTelemetry SDK, and anything that decides when something is
 * recorded.
 */
@NullMarked
package org.opensva.api.telemetry;

import org.jspecify.annotations.NullMarked;
