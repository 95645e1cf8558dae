/**
 * The arrows between modules and the tidiness inside them, checked on the compiled classes.
 *
 * <p>What is true of one module's behaviour is tested in that module; only what the architecture
 * promises about all of them together belongs here.
 */
package org.opensva.architecture;
