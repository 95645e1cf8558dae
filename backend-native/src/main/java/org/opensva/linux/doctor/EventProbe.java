package org.opensva.linux.doctor;

import org.opensva.api.backend.DiagnosticStep;
import org.opensva.linux.abi.Descriptor;
import org.opensva.linux.abi.KernelErrors;
import org.opensva.linux.abi.SystemCall;
import org.opensva.linux.abi.SystemCalls;
import org.opensva.linux.abi.Userfaultfd;
import org.opensva.linux.process.EventDescriptors;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Finds out whether changes of memory can be heard of: opens a userfaultfd of this Java machine by
 * each way that there is, asks for its features, and registers a page of its own in the mode that
 * is needed. No event is asked for: it would be this thread that waits until it is read.
 *
 * @param steps what was found
 * @param way how a process gets one
 * @param features its features; 0 if it does not help
 */
record EventProbe(List<DiagnosticStep> steps, EventDescriptors way, long features) {

    private static final String NAME = "events";
    private static final String LOSS =
            "no ATS: devices cache nothing and every access walks the tables";
    private static final long AT_FDCWD = -100;
    private static final long O_RDWR_CLOEXEC = 0x80002;

    static EventProbe examine(SystemCalls kernel, int pageSize) {
        Map<EventDescriptors, Long> results = new EnumMap<>(EventDescriptors.class);
        EventProbe found = null;
        for (EventDescriptors way :
                List.of(
                        EventDescriptors.USER_MODE,
                        EventDescriptors.FULL,
                        EventDescriptors.DEVICE)) {
            long opened = open(kernel, way);
            results.put(way, Math.min(opened, 0));
            if (opened >= 0) {
                try (Descriptor descriptor = new Descriptor(kernel, opened)) {
                    if (found == null || found.features == 0) {
                        found = look(kernel, descriptor, way, pageSize);
                    }
                }
            }
        }
        List<DiagnosticStep> steps = new ArrayList<>();
        steps.add(
                DiagnosticStep.ok(
                        "userfaultfd",
                        "the system call with UFFD_USER_MODE_ONLY %s, without it %s"
                                .formatted(
                                        said(results, EventDescriptors.USER_MODE),
                                        said(results, EventDescriptors.FULL))));
        steps.add(
                DiagnosticStep.ok(
                        "dev-userfaultfd",
                        "/dev/userfaultfd %s".formatted(said(results, EventDescriptors.DEVICE))));
        EventProbe verdict =
                found != null
                        ? found
                        : none(
                                "userfaultfd is refused by every way",
                                "a seccomp profile that allows userfaultfd, or a readable"
                                        + " /dev/userfaultfd");
        steps.addAll(verdict.steps);
        return new EventProbe(List.copyOf(steps), verdict.way, verdict.features);
    }

    private static String said(Map<EventDescriptors, Long> results, EventDescriptors way) {
        long result = results.getOrDefault(way, 0L);
        return result < 0 ? "is refused: " + KernelErrors.name(result) : "works";
    }

    private static EventProbe none(String found, String remedy) {
        return new EventProbe(
                List.of(DiagnosticStep.degraded(NAME, found, LOSS, remedy)),
                EventDescriptors.NONE,
                0);
    }

    private static String text(EventDescriptors way) {
        return way.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static long open(SystemCalls kernel, EventDescriptors way) {
        return switch (way) {
            case USER_MODE ->
                    kernel.call(
                            SystemCall.USERFAULTFD,
                            Userfaultfd.FLAGS | Userfaultfd.USER_MODE_ONLY,
                            0,
                            0);
            case FULL -> kernel.call(SystemCall.USERFAULTFD, Userfaultfd.FLAGS, 0, 0);
            case DEVICE -> openDevice(kernel);
            case NONE -> -KernelErrors.ENOSYS;
        };
    }

    private static long openDevice(SystemCalls kernel) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment path = arena.allocateFrom("/dev/userfaultfd");
            long device = kernel.call(SystemCall.OPENAT, AT_FDCWD, path.address(), O_RDWR_CLOEXEC);
            if (device < 0) {
                return device;
            }
            try (Descriptor node = new Descriptor(kernel, device)) {
                return kernel.call(
                        SystemCall.IOCTL, node.number(), Userfaultfd.IOCTL_NEW, Userfaultfd.FLAGS);
            }
        }
    }

    private static EventProbe look(
            SystemCalls kernel, Descriptor events, EventDescriptors way, int pageSize) {
        long features = Userfaultfd.configure(kernel, events, 0);
        if (features < 0) {
            return none(
                    "userfaultfd refuses its API: " + KernelErrors.name(features),
                    "Linux 4.11 or later");
        }
        if ((features & Userfaultfd.NEEDED) != Userfaultfd.NEEDED) {
            return none(
                    "userfaultfd has not the events: features 0x%x".formatted(features),
                    "Linux 4.11 or later");
        }
        long page = kernel.call(SystemCall.MMAP, 0, pageSize, 3, 0x22, -1, 0);
        if (page < 0) {
            return none("no memory for a probe: " + KernelErrors.name(page), "");
        }
        long result;
        try {
            result = Userfaultfd.register(kernel, events, page, pageSize);
        } finally {
            kernel.call(SystemCall.MUNMAP, page, pageSize, 0);
        }
        if (result < 0) {
            return none(
                    "userfaultfd cannot be registered for write protection: "
                            + KernelErrors.name(result),
                    "Linux 5.7 or later on x86-64, 6.10 or later on Arm");
        }
        return new EventProbe(
                List.of(
                        DiagnosticStep.ok(
                                NAME,
                                "unmap, move and discard are reported (%s, features 0x%x)"
                                        .formatted(text(way), features))),
                way,
                features);
    }
}
