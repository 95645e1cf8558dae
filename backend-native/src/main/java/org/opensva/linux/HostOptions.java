package org.opensva.linux;

import org.opensva.api.backend.BackendException;
import org.opensva.api.backend.BackendOption;
import org.opensva.api.backend.ForeignHandlePolicy;
import org.opensva.linux.abi.SystemCalls;
import org.opensva.linux.mm.Transfers;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * The options of the backend, checked.
 *
 * @param foreignHandles what a handle in a foreign address space may do
 * @param events false to do without userfaultfd also where there is one
 * @param transfers which way bytes travel
 * @param windows true to have devices cache offsets in memory objects
 * @param atcEntries capacity of each ATC
 * @param queues queues of each accelerator
 * @param pasidSeries how many PASIDs have metric series of their own
 * @param timeoutFactor what limits by the clock are multiplied with, 1 to 1000
 */
record HostOptions(
        ForeignHandlePolicy foreignHandles,
        boolean events,
        Transfer transfers,
        boolean windows,
        int atcEntries,
        int queues,
        int pasidSeries,
        double timeoutFactor) {

    /** Which way bytes travel. */
    enum Transfer {
        AUTO,
        PROCESS_VM,
        PROC_MEM;

        String id() {
            return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
        }

        /** Which way is open is tried, not guessed from settings. */
        Transfers over(SystemCalls kernel, long child) {
            return new Transfers(
                    kernel,
                    switch (this) {
                        case PROCESS_VM -> Transfers.Way.PROCESS_VM;
                        case PROC_MEM -> Transfers.Way.PROC_MEM;
                        case AUTO ->
                                Transfers.reach(kernel, child) == 0
                                        ? Transfers.Way.PROCESS_VM
                                        : Transfers.Way.PROC_MEM;
                    });
        }
    }

    private static final BackendOption FOREIGN_HANDLES =
            new BackendOption(
                    "foreign-handles",
                    "what a handle may do in a process that did not open it: refuse or opener",
                    "refuse");
    private static final BackendOption EVENTS =
            new BackendOption(
                    "events",
                    "auto, or off to do without userfaultfd: then devices cache no translation",
                    "auto");
    private static final BackendOption TRANSFERS =
            new BackendOption(
                    "transfers", "how bytes travel: auto, process-vm or proc-mem", "auto");
    private static final BackendOption WINDOWS =
            new BackendOption(
                    "windows", "on or off: devices cache where in a memory object a page is", "on");
    private static final BackendOption ATC_ENTRIES =
            new BackendOption(
                    "atc-entries", "capacity of each ATC, a power of two, 1 to 1048576", "4096");
    private static final BackendOption QUEUES =
            new BackendOption("queues", "queues of each accelerator, 1 to 65536", "256");

    private static final BackendOption PASID_SERIES =
            new BackendOption(
                    "pasid-series",
                    "how many PASIDs get metric series of their own, 0 to 10000",
                    "0");

    private static final BackendOption TIMEOUT_FACTOR =
            new BackendOption(
                    BackendOption.TIMEOUT_FACTOR,
                    "what the backend's own time limits are multiplied with, 1 to 1000: those of"
                            + " queues that stop and of invalidations that devices complete",
                    "1");

    private static final double MAX_TIMEOUT_FACTOR = 1000;

    static List<BackendOption> all() {
        return List.of(
                FOREIGN_HANDLES,
                EVENTS,
                TRANSFERS,
                WINDOWS,
                ATC_ENTRIES,
                QUEUES,
                PASID_SERIES,
                TIMEOUT_FACTOR);
    }

    /** How long to wait on this host for what usually takes no longer than a limit. */
    Duration patient(Duration limit) {
        return Duration.ofNanos((long) (limit.toNanos() * timeoutFactor));
    }

    static HostOptions parse(Map<String, String> values) {
        return new HostOptions(
                policy(value(values, FOREIGN_HANDLES)),
                choice(EVENTS, value(values, EVENTS), "auto", "off"),
                transfer(value(values, TRANSFERS)),
                choice(WINDOWS, value(values, WINDOWS), "on", "off"),
                powerOfTwo(value(values, ATC_ENTRIES)),
                number(QUEUES, value(values, QUEUES), 1, 1 << 16),
                number(PASID_SERIES, value(values, PASID_SERIES), 0, 10_000),
                factor(value(values, TIMEOUT_FACTOR)));
    }

    private static double factor(String text) {
        try {
            double factor = Double.parseDouble(text);
            if (factor >= 1 && factor <= MAX_TIMEOUT_FACTOR) {
                return factor;
            }
        } catch (NumberFormatException e) {
            throw refused(TIMEOUT_FACTOR, text);
        }
        throw refused(TIMEOUT_FACTOR, text);
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

    private static Transfer transfer(String text) {
        return Arrays.stream(Transfer.values())
                .filter(way -> way.id().equals(text))
                .findFirst()
                .orElseThrow(() -> refused(TRANSFERS, text));
    }

    private static boolean choice(BackendOption option, String text, String yes, String no) {
        if (!text.equals(yes) && !text.equals(no)) {
            throw refused(option, text);
        }
        return text.equals(yes);
    }

    private static int powerOfTwo(String text) {
        int value = number(ATC_ENTRIES, text, 1, 1 << 20);
        if (Integer.bitCount(value) != 1) {
            throw refused(ATC_ENTRIES, text);
        }
        return value;
    }

    private static int number(BackendOption option, String text, int low, int high) {
        if (text.matches("[0-9]{1,7}")) {
            int value = Integer.parseInt(text);
            if (value >= low && value <= high) {
                return value;
            }
        }
        throw refused(option, text);
    }

    private static BackendException refused(BackendOption option, String text) {
        return new BackendException(
                "option %s of backend 'native' cannot be '%s'; it is %s"
                        .formatted(option.key(), text, option.title()));
    }
}
