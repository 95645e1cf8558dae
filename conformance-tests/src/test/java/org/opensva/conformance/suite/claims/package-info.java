/** What the probes of claims find on machines that claim too much, too little, or the truth. */
@NullMarked
package org.opensva.conformance.suite.claims;

import org.jspecify.annotations.NullMarked;
