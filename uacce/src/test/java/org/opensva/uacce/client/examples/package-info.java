/** The examples of the README: compiled, run, and compared with what is printed there. */
package org.opensva.uacce.client.examples;
