package org.opensva.conformance.rules;

import java.util.Locale;
import java.util.Optional;

/** The layer that answers for a rule: the first place to look when it is broken. */
public enum RuleOwner {
    /** The vendor-neutral SVA core: PASID allocation, bind counts, fault dispatch. */
    CORE,
    /** Memory management: address spaces, page tables, notification of changes. */
    MM,
    /** The IOMMU and its driver. */
    IOMMU,
    /** The PCIe endpoint's address translation cache and page request interface. */
    ATS,
    /** The accelerator's queues and handles. */
    ACCELERATOR;

    /**
     * Returns the name used in the rule files and in the specification.
     *
     * @return the lower-case name
     */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * Finds the constant of a name used in the rule files.
     *
     * @param text the lower-case name
     * @return the constant, or empty when no constant has that name
     */
    public static Optional<RuleOwner> of(String text) {
        for (RuleOwner value : values()) {
            if (value.text().equals(text)) {
                return Optional.of(value);
            }
        }
        return Optional.empty();
    }
}
