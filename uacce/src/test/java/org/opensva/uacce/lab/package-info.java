/**
 * A machine small enough to be obvious, for the tests of this module: flat process memory, a kernel
 * of maps and lists, and a device port that reads and writes that memory, with faults where a test
 * wants them.
 */
package org.opensva.uacce.lab;
