/**
 * Random programs: their text, their shrinking, and what they find on sound and broken machines.
 */
@NullMarked
package org.opensva.conformance.programs;

import org.jspecify.annotations.NullMarked;
