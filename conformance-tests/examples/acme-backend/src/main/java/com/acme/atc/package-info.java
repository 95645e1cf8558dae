/**
 * One part and nothing else: the bus interface of Acme's devices, with their ATC. It is put into
 * the emulated machine in the place of the one there, and certified by {@code opensva certify
 * --layer ats}.
 */
package com.acme.atc;
