/** Tests of the client library: pools over devices of the laboratory. */
package org.opensva.uacce.client;
