/** Tests of what is told, against its document and against receivers that others wrote. */
@NullMarked
package org.opensva.conformance.cli.telemetry;

import org.jspecify.annotations.NullMarked;
