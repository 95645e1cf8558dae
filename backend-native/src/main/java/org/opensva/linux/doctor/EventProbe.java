package org.opensva.linux.doctor;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import org.opensva.api.backend.DiagnosticStep;
import org.opensva.linux.abi.Descriptor;
import org.opensva.linux.abi.KernelErrors;
import org.opensva.linux.abi.Layouts;
import org.opensva.linux.abi.SystemCall;
import org.opensva.linux.abi.SystemCalls;
import org.opensva.linux.process.EventDescriptors;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Locale;

/**
 * Finds out whether changes of memory can be heard of: opens a userfaultfd of this Java machine,
 * asks for its features, and registers a page of its own in the mode that is needed.
 *
 * @param step what was found
 * @param way how a process gets one
 * @param features its features; 0 if it does not help
 */
record EventProbe(DiagnosticStep step, EventDescriptors way, long features) {

    private static final long API = 0xc018_aa3fL;
    private static final long REGISTER = 0xc020_aa00L;
    private static final long NEEDED = 1 << 2 | 1 << 3 | 1 << 6;
    private static final long MODE_WP = 2;
    private static final long O_NONBLOCK_CLOEXEC = 0x80800;
    private static final String NAME = "events";
    private static final String LOSS =
            "no ATS: devices cache nothing and every access walks the tables";

    static EventProbe examine(SystemCalls kernel, int pageSize) {
        StringBuilder refusals = new StringBuilder();
        for (EventDescriptors way : EventDescriptors.values()) {
            long opened = open(kernel, way);
            if (opened >= 0) {
                try (Descriptor descriptor = new Descriptor(kernel, opened)) {
                    return look(kernel, descriptor, way, pageSize);
                }
            }
            if (way != EventDescriptors.NONE) {
                refusals.append(refusals.isEmpty() ? "" : ", ")
                        .append(text(way))
                        .append(' ')
                        .append(KernelErrors.name(opened));
            }
        }
        return none(
                "userfaultfd is refused: " + refusals,
                "a seccomp profile that allows userfaultfd, or a readable /dev/userfaultfd");
    }

    private static EventProbe none(String found, String remedy) {
        return new EventProbe(
                DiagnosticStep.degraded(NAME, found, LOSS, remedy), EventDescriptors.NONE, 0);
    }

    private static String text(EventDescriptors way) {
        return way.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static long open(SystemCalls kernel, EventDescriptors way) {
        return switch (way) {
            case USER_MODE -> kernel.call(SystemCall.USERFAULTFD, O_NONBLOCK_CLOEXEC | 1, 0, 0);
            case FULL -> kernel.call(SystemCall.USERFAULTFD, O_NONBLOCK_CLOEXEC, 0, 0);
            case DEVICE -> openDevice(kernel);
            case NONE -> -KernelErrors.ENOSYS;
        };
    }

    private static long openDevice(SystemCalls kernel) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment path = arena.allocateFrom("/dev/userfaultfd");
            long device = kernel.call(SystemCall.OPENAT, -100, path.address(), 0x80002);
            if (device < 0) {
                return device;
            }
            try (Descriptor node = new Descriptor(kernel, device)) {
                return kernel.call(SystemCall.IOCTL, node.number(), 0xAA00, O_NONBLOCK_CLOEXEC);
            }
        }
    }

    private static EventProbe look(
            SystemCalls kernel, Descriptor events, EventDescriptors way, int pageSize) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment api = arena.allocate(Layouts.UFFDIO_API);
            api.set(JAVA_LONG, 0, 0xAA);
            // No event is asked for: it would be this thread that waits until it is read.
            api.set(JAVA_LONG, 8, 0);
            long result = kernel.call(SystemCall.IOCTL, events.number(), API, api.address());
            if (result < 0) {
                return none(
                        "userfaultfd refuses its API: " + KernelErrors.name(result),
                        "Linux 4.11 or later");
            }
            long features = api.get(JAVA_LONG, 8);
            if ((features & NEEDED) != NEEDED) {
                return none(
                        "userfaultfd has not the events: features 0x%x".formatted(features),
                        "Linux 4.11 or later");
            }
            long page = kernel.call(SystemCall.MMAP, 0, pageSize, 3, 0x22, -1, 0);
            if (page < 0) {
                return none("no memory for a probe", "");
            }
            try {
                MemorySegment range = arena.allocate(Layouts.UFFDIO_REGISTER);
                range.set(JAVA_LONG, 0, page);
                range.set(JAVA_LONG, 8, pageSize);
                range.set(JAVA_LONG, 16, MODE_WP);
                result = kernel.call(SystemCall.IOCTL, events.number(), REGISTER, range.address());
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
                    DiagnosticStep.ok(
                            NAME, "userfaultfd (%s), features 0x%x".formatted(text(way), features)),
                    way,
                    features);
        }
    }
}
