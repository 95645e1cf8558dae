package org.opensva.conformance.zoo;

import static org.opensva.conformance.rules.RuleId.*;

import org.opensva.vtd.layout.DescriptorType;
import org.opensva.vtd.layout.InvalidationDescriptor;

import java.util.List;
import java.util.function.Consumer;

/** Members that are a VT-d unit whose driver says the wrong thing. */
final class VtdFaults {

    private VtdFaults() {}

    private static Defect edited(DescriptorType type, Consumer<long[]> edit) {
        return new VtdMiscommanded(type) {
            @Override
            void edit(long[] words) {
                edit.accept(words);
            }
        };
    }

    private static boolean ofPages(long[] words) {
        return InvalidationDescriptor.granularity(words[0])
                == InvalidationDescriptor.PASID_IOTLB_PAGE;
    }

    static List<BrokenBackend> members() {
        return List.of(
                BrokenBackend.breaking("vtd-iotlb-of-another-domain", UNMAP_01, UNMAP_15)
                        .as("04b1b069f151, iommu/vt-d: SVA domains flushed under the wrong tag")
                        .because("PASID-based IOTLB invalidations carry another domain id")
                        .notTouching(BIND_03, UACCE_03)
                        .by(() ->
                                edited(
                                        DescriptorType.PASID_IOTLB,
                                        words -> InvalidationDescriptor.DID.put(words, 0, 0x3ff))),
                BrokenBackend.breaking("vtd-iotlb-of-another-pasid", UNMAP_01, UNMAP_15)
                        .as("class of bug: an IOTLB invalidation for the number before")
                        .because("PASID-based IOTLB invalidations carry another PASID")
                        .notTouching(BIND_03, UACCE_03)
                        .by(() ->
                                edited(
                                        DescriptorType.PASID_IOTLB,
                                        words ->
                                                InvalidationDescriptor.PASID.put(
                                                        words,
                                                        0,
                                                        InvalidationDescriptor.pasid(words[0])
                                                                ^ 1))),
                BrokenBackend.breaking("vtd-device-tlb-is-not-told", UNMAP_01, UNMAP_15)
                        .as(
                                "7c29ada5e700, iommu/vt-d: device TLB invalidation that was never"
                                        + " sent")
                        .because("no PASID-based device-TLB invalidation is sent")
                        .notTouching(BIND_03, UACCE_03)
                        .by(() ->
                                edited(DescriptorType.PASID_DEVICE_TLB, VtdMiscommanded::nothing)),
                BrokenBackend.breaking("vtd-device-tlb-range-is-halved", UNMAP_09)
                        .as(
                                "class of bug: the size of a device-TLB invalidation encoded one"
                                        + " bit too low")
                        .because("half of a range of several pages is invalidated in the device")
                        .notTouching(BIND_03, FORK_05)
                        .by(() ->
                                edited(
                                        DescriptorType.PASID_DEVICE_TLB,
                                        words -> {
                                            long low = words[1] >>> 12;
                                            boolean sized =
                                                    InvalidationDescriptor.PASID_DEVICE_S.isSet(
                                                            words[1]);
                                            int order = Long.numberOfTrailingZeros(~low);
                                            if (sized && order < 20) {
                                                words[1] &= ~(1L << 11 + order);
                                                if (order == 0) {
                                                    words[1] &= ~(1L << 11);
                                                }
                                            }
                                        })),
                BrokenBackend.breaking("vtd-page-mask-is-zero", UNMAP_09, UNMAP_07)
                        .as(
                                "2d6ffc63f124, iommu/vt-d: page-selective invalidation whose mask"
                                        + " does not cover the range")
                        .because("a page-selective IOTLB invalidation covers its first page only")
                        .notTouching(BIND_03, FORK_05)
                        .by(() ->
                                edited(
                                        DescriptorType.PASID_IOTLB,
                                        words -> {
                                            if (ofPages(words)) {
                                                InvalidationDescriptor.AM.put(words, 0, 0);
                                            }
                                        })),
                BrokenBackend.breaking("vtd-leaves-only", UNMAP_12)
                        .as(
                                "class of bug: an invalidation hint where page tables may have been"
                                        + " freed")
                        .because("IOTLB invalidations leave the paging-structure caches alone")
                        .perhapsAlso(UNMAP_01)
                        .notTouching(UNMAP_17)
                        .by(() ->
                                edited(
                                        DescriptorType.PASID_IOTLB,
                                        words -> {
                                            if (ofPages(words)) {
                                                InvalidationDescriptor.IH.put(words, 0, 1);
                                            }
                                        })),
                BrokenBackend.breaking("vtd-pasid-cache-is-not-flushed", EXIT_06)
                        .as(
                                "class of 75ed00055c05 (CVE-2026-45894), iommu/vt-d: the teardown"
                                        + " of a PASID entry without its handshake")
                        .because("a PASID entry that was cleared stays in the PASID cache")
                        .perhapsAlso(EXIT_01, EXIT_02, EXIT_21)
                        .notTouching(UNMAP_01, BIND_03)
                        .by(() -> edited(DescriptorType.PASID_CACHE, VtdMiscommanded::nothing)),
                BrokenBackend.breaking("vtd-full-flush-is-lost", FORK_05)
                        .as("e7ad6c2a4b1a, iommu/vt-d: full flushes invalidated nothing")
                        .because("the invalidation of a whole PASID never reaches the IOTLB")
                        .notTouching(UNMAP_01, UNMAP_17)
                        .by(() ->
                                edited(
                                        DescriptorType.PASID_IOTLB,
                                        words -> {
                                            if (!ofPages(words)) {
                                                VtdMiscommanded.nothing(words);
                                            }
                                        })));
    }
}
