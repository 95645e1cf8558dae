package org.opensva.api.ats;

import org.opensva.api.iommu.DmaPort;

/**
 * The IOMMU end of a link: what one device sends to. Reads and writes of {@link DmaPort} are
 * untranslated requests; translated ones have methods of their own.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public interface AgentPort extends DmaPort {

    /**
     * Answer to a translation request: Unsupported Request; translation requests are not for this
     * device.
     */
    int UNSUPPORTED_REQUEST = -1;

    /** Answer to a translation request: Completer Abort. */
    int COMPLETER_ABORT = -2;

    /**
     * A Translation Request (section 10.2.2) for one or several consecutive pages of 4096 bytes.
     *
     * <p>Entry {@code n} answers for the page {@code n} pages of 4096 bytes after the first. An
     * agent may answer fewer pages than were asked for, and ends its answer with an entry that
     * states a larger size: what lies beyond is in that entry, or is asked for again.
     *
     * <p>An access without {@link org.opensva.api.memory.Access#WRITE} is a request with the No
     * Write flag: it is not a wish to write, and does not make a page dirty.
     *
     * @param pasid the PASID, or {@link org.opensva.api.iommu.Pasid#NONE}
     * @param access a set of {@link org.opensva.api.memory.Access} bits
     * @param address the untranslated address; bits 11:0 are ignored
     * @param entries where the {@link TranslationEntry translation entries} go; its length is how
     *     many pages are asked for at most
     * @return how many entries were written, at least 1; or {@link #UNSUPPORTED_REQUEST} or {@link
     *     #COMPLETER_ABORT}
     */
    int translate(int pasid, int access, long address, long[] entries);

    /**
     * A translated read. The caller holds its guard: it has not yet completed an invalidation of
     * the entry it took the address from.
     *
     * @param address a physical address from a translation entry
     * @param target where the bytes go
     * @param offset first index of the array
     * @param length number of bytes
     * @return a packed {@link org.opensva.api.iommu.DmaResult}
     */
    long readTranslated(long address, byte[] target, int offset, int length);

    /**
     * A translated write. The caller holds its guard, as for {@link #readTranslated}.
     *
     * @param address a physical address from a translation entry
     * @param source where the bytes come from
     * @param offset first index of the array
     * @param length number of bytes
     * @return a packed {@link org.opensva.api.iommu.DmaResult}
     */
    long writeTranslated(long address, byte[] source, int offset, int length);

    /**
     * Sends an Invalidate Completion.
     *
     * @param completion the message
     */
    void complete(InvalidateCompletion completion);

    /**
     * Sends a Page Request or a Stop Marker.
     *
     * @param request the message
     */
    void request(PageRequest request);
}
