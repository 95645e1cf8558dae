/**
 * One part and nothing else: an IOMMU of Acme's own, hardware and driver, in the place of the one
 * of an emulated machine, and certified by {@code opensva certify --layer iommu}. It has no
 * registers and no tables in memory; what it walks are the page tables of the processes.
 */
package com.acme.iommu;
