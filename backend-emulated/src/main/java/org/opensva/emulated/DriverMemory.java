package org.opensva.emulated;

import jakarta.inject.Qualifier;

import java.lang.annotation.Documented;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;

/**
 * Names the {@link org.opensva.api.memory.PhysicalMemory} that the driver of an IOMMU stores to:
 * the machine's, with the stores watched.
 */
@Documented
@Qualifier
@Retention(RetentionPolicy.RUNTIME)
public @interface DriverMemory {}
