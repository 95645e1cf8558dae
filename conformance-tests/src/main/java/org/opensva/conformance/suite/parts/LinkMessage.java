package org.opensva.conformance.suite.parts;

import org.opensva.api.ats.InvalidateCompletion;
import org.opensva.api.ats.PageRequest;
import org.opensva.api.memory.Access;

/** What a device sent over its link. */
public sealed interface LinkMessage {

    /**
     * A Translation Request.
     *
     * @param pasid the PASID, or {@link org.opensva.api.iommu.Pasid#NONE}
     * @param access a set of {@link Access} bits
     * @param address the untranslated address
     */
    record Translation(int pasid, int access, long address) implements LinkMessage {
        @Override
        public String toString() {
            return "translation request of 0x%x (%s) with PASID %d"
                    .formatted(address, Access.describe(access), pasid);
        }
    }

    /**
     * A translated read or write.
     *
     * @param write true for a write
     * @param address the physical address
     * @param length number of bytes
     */
    record Translated(boolean write, long address, int length) implements LinkMessage {
        @Override
        public String toString() {
            return "translated %s of %d bytes at physical 0x%x"
                    .formatted(write ? "write" : "read", length, address);
        }
    }

    /**
     * An untranslated read or write.
     *
     * @param write true for a write
     * @param pasid the PASID, or {@link org.opensva.api.iommu.Pasid#NONE}
     * @param address the untranslated address
     * @param length number of bytes
     */
    record Untranslated(boolean write, int pasid, long address, int length) implements LinkMessage {
        @Override
        public String toString() {
            return "untranslated %s of %d bytes at 0x%x with PASID %d"
                    .formatted(write ? "write" : "read", length, address, pasid);
        }
    }

    /**
     * An Invalidate Completion.
     *
     * @param message the message
     */
    record Completion(InvalidateCompletion message) implements LinkMessage {}

    /**
     * A Page Request or Stop Marker.
     *
     * @param message the message
     */
    record Page(PageRequest message) implements LinkMessage {
        @Override
        public String toString() {
            return message.isStopMarker()
                    ? "stop marker of PASID " + message.pasid()
                    : "page request of 0x%x (%s) with PASID %d in group %d%s"
                            .formatted(
                                    message.address(),
                                    Access.describe(message.access()),
                                    message.pasid(),
                                    message.groupIndex(),
                                    message.last() ? ", the last" : "");
        }
    }
}
