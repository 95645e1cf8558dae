/** Tests of the driver, against registers that write down what they are told, and on the model. */
@NullMarked
package org.opensva.vtd.driver;

import org.jspecify.annotations.NullMarked;
