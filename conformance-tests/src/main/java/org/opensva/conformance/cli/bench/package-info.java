/**
 * {@code opensva bench}: chooses what is measured, has JMH measure it in processes of its own, and
 * shows the figures beside the limits of this machine and the project's targets: as a table, as
 * JSON, as a picture of cost against working set. What is measured is in {@code
 * org.opensva.conformance.measure}.
 */
@NullMarked
package org.opensva.conformance.cli.bench;

import org.jspecify.annotations.NullMarked;
