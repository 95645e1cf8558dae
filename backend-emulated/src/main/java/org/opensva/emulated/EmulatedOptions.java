package org.opensva.emulated;

import org.opensva.api.ats.EndpointConfig;
import org.opensva.api.backend.BackendException;
import org.opensva.api.backend.BackendOption;
import org.opensva.api.backend.Capability;
import org.opensva.api.backend.ForeignHandlePolicy;
import org.opensva.emulated.kernel.mm.HugePagePolicy;
import org.opensva.emulated.profile.ByteCount;
import org.opensva.emulated.profile.IommuProfile;
import org.opensva.emulated.profile.MachineProfile;
import org.opensva.emulated.profile.ProfileReader;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

/**
 * The options of the backend, checked, with the profile that they have changed.
 *
 * @param profile what the machine is made of
 * @param foreignHandles what a handle in a foreign address space may do
 * @param queues queues of each accelerator
 * @param hugePages which mappings get huge pages
 * @param pasidSeries how many PASIDs get metric series of their own
 * @param torment the seed of memory pressure from the start, empty for none
 * @param deterministic the seed of the schedule, empty if threads run freely
 * @param patience how long the machine waits until it gives up
 */
record EmulatedOptions(
        MachineProfile profile,
        ForeignHandlePolicy foreignHandles,
        int queues,
        HugePagePolicy hugePages,
        int pasidSeries,
        OptionalLong torment,
        OptionalLong deterministic,
        Patience patience) {

    /** The value of an option that leaves the profile as it is. */
    private static final String PROFILE = "profile";

    private static final BackendOption FOREIGN_HANDLES =
            new BackendOption(
                    "foreign-handles",
                    "what a handle may do in a process that did not open it: refuse or opener",
                    "refuse");
    private static final BackendOption MEMORY =
            new BackendOption(
                    "memory",
                    "physical memory, 1M to 4T; only what is touched costs any; profile: as the"
                            + " variant says, 8G for those that come with the backend",
                    PROFILE);
    private static final BackendOption ATC_ENTRIES =
            new BackendOption(
                    "atc-entries",
                    "capacity of each ATC, a power of two, 1 to 1048576; profile: as the variant"
                            + " says, 4096 for those that come with the backend",
                    PROFILE);
    private static final BackendOption PASID_BITS =
            new BackendOption(
                    "pasid-bits",
                    "PASID bits of the devices, 0 to 20: one number for all, or one for each as in"
                            + " 20,2; profile: as the variant says, 20 for those that come with the"
                            + " backend",
                    PROFILE);
    private static final BackendOption IOTLB_ENTRIES =
            new BackendOption(
                    "iotlb-entries",
                    "capacity of the IOTLB, a power of two, 4 to 8388608; profile: as the variant"
                            + " says, or as the model of its IOMMU has it",
                    PROFILE);
    private static final BackendOption WALK_ENTRIES =
            new BackendOption(
                    "walk-cache-entries",
                    "capacity of each cache of page-table tables, a power of two, 4 to 8388608;"
                            + " profile: as the variant says, or as the model of its IOMMU has it",
                    PROFILE);
    private static final BackendOption QUEUES =
            new BackendOption("queues", "queues of each accelerator, 1 to 65536", "256");

    private static final BackendOption HUGE_PAGES =
            new BackendOption(
                    "huge-pages",
                    "which private memory gets huge pages: never, madvise or always",
                    HugePagePolicy.MADVISE.id());

    private static final BackendOption PASID_SERIES =
            new BackendOption(
                    "pasid-series",
                    "how many PASIDs get metric series of their own, 0 to 10000; those beyond"
                            + " share one",
                    "0");

    private static final int MAX_PASID_SERIES = 10_000;
    private static final BackendOption TORMENTOR =
            new BackendOption(
                    "tormentor",
                    "memory pressure in the background: off, or a seed from 0 that chooses what is"
                            + " reclaimed, moved, merged, split and write-protected; profile: as"
                            + " the variant says, off for those that come with the backend",
                    PROFILE);

    private static final BackendOption DETERMINISTIC =
            new BackendOption(
                    "deterministic",
                    "one thread of the machine runs at a time: off, or a seed from 0 that chooses"
                            + " which",
                    "off");

    private static final BackendOption TIMEOUT_FACTOR =
            new BackendOption(
                    BackendOption.TIMEOUT_FACTOR,
                    "what the machine's own time limits are multiplied with, 1 to 1000: those of"
                            + " queues that stop, of answers to page requests, of invalidations"
                            + " that devices complete, and of command queues",
                    "1");

    private static final double MAX_TIMEOUT_FACTOR = 1000;
    private static final int MAX_ATC_ENTRIES = 1 << 20;
    private static final int MAX_IOMMU_ENTRIES = 1 << 23;
    private static final int LEAST_IOMMU_ENTRIES = 4;
    private static final int MAX_PASID_BITS = 20;
    private static final int MAX_QUEUES = 1 << 16;

    /** What the machine does, and no more. */
    Set<Capability> capabilities() {
        Set<Capability> claims = EnumSet.copyOf(profile.capabilities());
        if (hugePages != HugePagePolicy.NEVER) {
            claims.add(Capability.HUGE_PAGES);
        }
        if (bearsPressure()) {
            claims.add(Capability.MEMORY_PRESSURE);
        }
        return claims;
    }

    /** Whether devices go on when a page is taken away: otherwise every job would fail. */
    boolean bearsPressure() {
        return profile.capabilities().contains(Capability.DEMAND_PAGING);
    }

    static List<BackendOption> all() {
        return List.of(
                FOREIGN_HANDLES,
                MEMORY,
                ATC_ENTRIES,
                IOTLB_ENTRIES,
                WALK_ENTRIES,
                PASID_BITS,
                QUEUES,
                HUGE_PAGES,
                PASID_SERIES,
                TORMENTOR,
                DETERMINISTIC,
                TIMEOUT_FACTOR);
    }

    static EmulatedOptions parse(MachineProfile profile, Map<String, String> values) {
        String memory = value(values, MEMORY);
        MachineProfile changed =
                memory.equals(PROFILE) ? profile : profile.withMemory(bytes(memory));
        changed =
                changed.withDevices(
                        devices(
                                changed.devices(),
                                value(values, ATC_ENTRIES),
                                value(values, PASID_BITS)));
        changed =
                changed.withIommus(iommu ->
                        caches(iommu, value(values, IOTLB_ENTRIES), value(values, WALK_ENTRIES)));
        OptionalLong torment = torment(value(values, TORMENTOR), profile);
        if (torment.isPresent() && !profile.capabilities().contains(Capability.DEMAND_PAGING)) {
            throw new BackendException(
                    "option tormentor of backend 'emulated' makes no sense for variant '%s': its"
                                    .formatted(profile.name())
                            + " devices cannot have pages brought back");
        }
        return new EmulatedOptions(
                changed,
                policy(value(values, FOREIGN_HANDLES)),
                (int) number(QUEUES, value(values, QUEUES), 1, MAX_QUEUES),
                hugePages(value(values, HUGE_PAGES)),
                (int) number(PASID_SERIES, value(values, PASID_SERIES), 0, MAX_PASID_SERIES),
                torment,
                deterministic(value(values, DETERMINISTIC)),
                patience(value(values, TIMEOUT_FACTOR)));
    }

    private static Patience patience(String text) {
        try {
            double factor = Double.parseDouble(text);
            if (factor >= 1 && factor <= MAX_TIMEOUT_FACTOR) {
                return new Patience(factor);
            }
        } catch (NumberFormatException e) {
            throw refused(TIMEOUT_FACTOR, text);
        }
        throw refused(TIMEOUT_FACTOR, text);
    }

    private static OptionalLong deterministic(String text) {
        return text.equals("off")
                ? OptionalLong.empty()
                : OptionalLong.of(number(DETERMINISTIC, text, 0, Long.MAX_VALUE));
    }

    private static OptionalLong torment(String text, MachineProfile profile) {
        return switch (text) {
            case "off" -> OptionalLong.empty();
            case PROFILE -> profile.torment();
            default -> OptionalLong.of(number(TORMENTOR, text, 0, Long.MAX_VALUE));
        };
    }

    private static String value(Map<String, String> values, BackendOption option) {
        return values.getOrDefault(option.key(), option.defaultValue()).trim();
    }

    private static ForeignHandlePolicy policy(String text) {
        return Arrays.stream(ForeignHandlePolicy.values())
                .filter(policy -> policy.id().equals(text))
                .findFirst()
                .orElseThrow(() -> refused(FOREIGN_HANDLES, text));
    }

    private static HugePagePolicy hugePages(String text) {
        return HugePagePolicy.of(text).orElseThrow(() -> refused(HUGE_PAGES, text));
    }

    private static long bytes(String text) {
        OptionalLong bytes = ByteCount.parse(text, ProfileReader.MOST_MEMORY);
        // Whole pages of the largest granule.
        long whole = bytes.orElse(0) & -(1L << 16);
        if (whole < ProfileReader.LEAST_MEMORY) {
            throw refused(MEMORY, text);
        }
        return whole;
    }

    private static List<EndpointConfig> devices(
            List<EndpointConfig> devices, String atcEntries, String pasidBits) {
        String[] widths = pasidBits.split(",", -1);
        if (widths.length != 1 && widths.length != devices.size()) {
            throw refused(PASID_BITS, pasidBits);
        }
        List<EndpointConfig> changed = new ArrayList<>();
        for (EndpointConfig device : devices) {
            String width = widths[widths.length == 1 ? 0 : changed.size()].trim();
            changed.add(
                    new EndpointConfig(
                            device.name(),
                            device.requester(),
                            pasidBits.equals(PROFILE)
                                    ? device.pasidBits()
                                    : (int) number(PASID_BITS, width, 0, MAX_PASID_BITS),
                            device.ats(),
                            device.pri(),
                            device.stall(),
                            atcEntries.equals(PROFILE)
                                    ? device.atcEntries()
                                    : powerOfTwo(ATC_ENTRIES, atcEntries, 1, MAX_ATC_ENTRIES),
                            device.invalidateQueueDepth(),
                            device.outstandingPageRequests()));
        }
        return changed;
    }

    private static IommuProfile caches(IommuProfile iommu, String iotlb, String walk) {
        IommuProfile changed = iommu;
        if (!iotlb.equals(PROFILE)) {
            changed =
                    changed.withIotlbEntries(
                            powerOfTwo(
                                    IOTLB_ENTRIES, iotlb, LEAST_IOMMU_ENTRIES, MAX_IOMMU_ENTRIES));
        }
        if (!walk.equals(PROFILE)) {
            changed =
                    changed.withWalkCacheEntries(
                            powerOfTwo(WALK_ENTRIES, walk, LEAST_IOMMU_ENTRIES, MAX_IOMMU_ENTRIES));
        }
        return changed;
    }

    private static int powerOfTwo(BackendOption option, String text, int low, int high) {
        int value = (int) number(option, text, low, high);
        if (Integer.bitCount(value) != 1) {
            throw refused(option, text);
        }
        return value;
    }

    private static long number(BackendOption option, String text, long low, long high) {
        try {
            long value = Long.parseLong(text);
            if (value >= low && value <= high) {
                return value;
            }
        } catch (NumberFormatException e) {
            throw refused(option, text);
        }
        throw refused(option, text);
    }

    private static BackendException refused(BackendOption option, String text) {
        return new BackendException(
                "option %s of backend 'emulated' cannot be '%s'; it is %s"
                        .formatted(option.key(), text, option.title()));
    }
}
