/** Tests of the streams, over devices of the laboratory. */
package org.opensva.uacce.client.stream;
