/** The service as its callers see it, over HTTP, and what it tells of that. */
@NullMarked
package com.acme.gzip;

import org.jspecify.annotations.NullMarked;
