package org.opensva.emulated;

import org.opensva.api.backend.BackendException;
import org.opensva.api.backend.BackendOption;
import org.opensva.api.backend.ForeignHandlePolicy;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The options of the backend, checked.
 *
 * @param foreignHandles what a handle in a foreign address space may do
 * @param memory bytes of physical memory
 * @param atcEntries capacity of each ATC
 * @param queues queues of each accelerator
 */
record EmulatedOptions(
        ForeignHandlePolicy foreignHandles, long memory, int atcEntries, int queues) {

    private static final BackendOption FOREIGN_HANDLES =
            new BackendOption(
                    "foreign-handles",
                    "what a handle may do in a process that did not open it: refuse or opener",
                    "refuse");
    private static final BackendOption MEMORY =
            new BackendOption(
                    "memory", "physical memory, 1M to 4T; only what is touched costs any", "8G");
    private static final BackendOption ATC_ENTRIES =
            new BackendOption(
                    "atc-entries", "capacity of each ATC, a power of two, 1 to 1048576", "4096");
    private static final BackendOption QUEUES =
            new BackendOption("queues", "queues of each accelerator, 1 to 65536", "256");

    private static final long MIN_MEMORY = 1L << 20;
    private static final long MAX_MEMORY = 1L << 42;
    private static final int MAX_ATC_ENTRIES = 1 << 20;
    private static final int MAX_QUEUES = 1 << 16;

    static List<BackendOption> all() {
        return List.of(FOREIGN_HANDLES, MEMORY, ATC_ENTRIES, QUEUES);
    }

    static EmulatedOptions parse(Map<String, String> values) {
        return new EmulatedOptions(
                policy(value(values, FOREIGN_HANDLES)),
                size(value(values, MEMORY)),
                powerOfTwo(value(values, ATC_ENTRIES)),
                (int) number(QUEUES, value(values, QUEUES), 1, MAX_QUEUES));
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

    private static long size(String text) {
        String digits = text.toUpperCase(Locale.ROOT);
        int shift = 0;
        if (!digits.isEmpty()) {
            shift =
                    switch (digits.charAt(digits.length() - 1)) {
                        case 'K' -> 10;
                        case 'M' -> 20;
                        case 'G' -> 30;
                        case 'T' -> 40;
                        default -> 0;
                    };
        }
        if (shift > 0) {
            digits = digits.substring(0, digits.length() - 1);
        }
        long count;
        try {
            count = Long.parseLong(digits);
        } catch (NumberFormatException e) {
            throw refused(MEMORY, text);
        }
        if (count <= 0 || count > MAX_MEMORY >> shift) {
            throw refused(MEMORY, text);
        }
        // Whole pages of the largest granule.
        long bytes = count << shift & -(1L << 16);
        if (bytes < MIN_MEMORY) {
            throw refused(MEMORY, text);
        }
        return bytes;
    }

    private static int powerOfTwo(String text) {
        int value = (int) number(ATC_ENTRIES, text, 1, MAX_ATC_ENTRIES);
        if (Integer.bitCount(value) != 1) {
            throw refused(ATC_ENTRIES, text);
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
