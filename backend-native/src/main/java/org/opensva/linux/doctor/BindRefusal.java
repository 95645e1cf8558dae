package org.opensva.linux.doctor;

import org.opensva.api.backend.DiagnosticStep;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Whether the kernel binds address spaces at all.
 *
 * <p>On x86 an IOMMU walks page tables that the kernel's half belongs to, and was not told when
 * tables of that half were freed (CVE-2025-71202). Until that was mended, {@code
 * iommu_sva_bind_device} answers {@code EOPNOTSUPP} on x86 ("iommu: disable SVA when CONFIG_X86 is
 * set"); long-term series got that patch in February 2026, and Linux 6.18.7 and 6.19 bind again.
 */
final class BindRefusal {

    private static final String NAME = "sva-bind";
    private static final Pattern VERSION =
            Pattern.compile("([0-9]{1,3})\\.([0-9]{1,3})(\\.([0-9]{1,4}))?");

    /** The last series without the remedy, and the first release of 6.18 with it. */
    private static final int SERIES = 6 * 1000 + 18;

    private static final int REMEDIED = 7;

    /** Linux 6.1.163, February 2026; the sources of 6.1.192 were read. */
    private static final int REFUSING_SERIES = 6 * 1000 + 1;

    private static final int REFUSING = 163;

    private BindRefusal() {}

    /**
     * Judges.
     *
     * @param x86 true on an x86 machine
     * @param release {@code /proc/sys/kernel/osrelease}
     * @param banner {@code /proc/version}, in which distributions name the release they build
     * @return the step
     */
    static DiagnosticStep examine(boolean x86, String release, String banner) {
        if (!x86) {
            return DiagnosticStep.ok(NAME, "only x86 kernels refuse to bind");
        }
        Matcher found = VERSION.matcher(release);
        if (!found.lookingAt()) {
            return unsure(release);
        }
        int series = Integer.parseInt(found.group(1)) * 1000 + Integer.parseInt(found.group(2));
        int patch = patch(found.group(1) + "." + found.group(2), release + " " + banner);
        if (series > SERIES || series == SERIES && patch >= REMEDIED) {
            return DiagnosticStep.ok(NAME, "Linux " + release + " binds on x86");
        }
        if (series == REFUSING_SERIES && patch >= REFUSING) {
            return DiagnosticStep.missing(
                    NAME,
                    "Linux %s (6.1.%d) refuses every bind on x86: iommu_sva_bind_device answers EOPNOTSUPP"
                            .formatted(release, patch),
                    "Linux 6.18.7, 6.19 or later");
        }
        return unsure(release);
    }

    private static DiagnosticStep unsure(String release) {
        return DiagnosticStep.degraded(
                NAME,
                "Linux " + release + " on x86 may refuse every bind (EOPNOTSUPP)",
                "opening a queue fails where the patch of February 2026 is in",
                "Linux 6.18.7, 6.19 or later");
    }

    /** The highest third number that stands behind a series in a text; 0 if there is none. */
    private static int patch(String series, String text) {
        Matcher all =
                Pattern.compile("\\b" + Pattern.quote(series) + "\\.([0-9]{1,4})\\b").matcher(text);
        int highest = 0;
        while (all.find()) {
            highest = Math.max(highest, Integer.parseInt(all.group(1)));
        }
        return highest;
    }
}
