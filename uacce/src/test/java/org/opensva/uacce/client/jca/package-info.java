/** The provider beside those of the JDK: what goes in and comes out, and what is refused. */
package org.opensva.uacce.client.jca;
