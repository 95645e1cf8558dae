package org.opensva.api.iommu;

/**
 * A cache of translations that lets itself be looked into: the IOTLB of an IOMMU, or the ATC of a
 * device. What it holds can be compared with the page tables, so that a translation that should
 * have been invalidated is found before anybody uses it.
 *
 * <p><b>Threading.</b> Any thread may call, also while the cache is used.
 */
public interface TranslationCacheView {

    /** Sees what a cache holds. */
    interface Visitor {
        /**
         * A translation that the cache would still use.
         *
         * @param owner whose it is: the PASID in an ATC, what {@link SvaDomain#asid} says in an
         *     IOTLB
         * @param address the first address of what is translated alike
         * @param sizeShift log2 of its size in bytes, 12 and up
         * @param physical where it is in memory
         * @param access what is allowed without privilege, as {@link org.opensva.api.memory.Access}
         *     bits
         */
        void translation(int owner, long address, int sizeShift, long physical, int access);
    }

    /**
     * Visits the translations of address spaces; those of requests without a PASID are passed over.
     *
     * @param visitor gets each of them; what changes meanwhile may be seen or not
     */
    void visitTranslations(Visitor visitor);
}
