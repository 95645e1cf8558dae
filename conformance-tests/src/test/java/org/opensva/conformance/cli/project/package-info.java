/** Tests of the project generator. */
@NullMarked
package org.opensva.conformance.cli.project;

import org.jspecify.annotations.NullMarked;
