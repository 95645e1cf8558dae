/** The promises of the example, one sentence each. */
@NullMarked
package com.acme.sva;

import org.jspecify.annotations.NullMarked;
