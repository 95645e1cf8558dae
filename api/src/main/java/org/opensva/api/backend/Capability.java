package org.opensva.api.backend;

import java.util.Arrays;
import java.util.Optional;

/**
 * What a backend may claim. A rule applies where its capability expression holds; a claim is a
 * promise that is tested.
 */
public enum Capability {
    /** Processes can fork. */
    FORK("fork", "processes can fork"),
    /** Processes can replace their program. */
    EXEC("exec", "processes can call exec"),
    /** Processes can be killed by a signal. */
    KILL("kill", "processes can be killed"),
    /** Several threads can share an address space. */
    THREADS("threads", "threads and vfork children share an address space"),
    /** Memory objects can be mapped shared, also twice and in several processes. */
    SHARED_MEMORY("shared-memory", "memory objects can be mapped shared"),
    /** Memory objects can be truncated while mapped. */
    FILE_TRUNCATE("file-truncate", "memory objects can be truncated while mapped"),
    /** Holes can be punched into memory objects while they are mapped. */
    HOLE_PUNCH("hole-punch", "holes can be punched into memory objects while mapped"),
    /** Files can be mapped whose pages are written back to a disk. */
    WRITE_BACK("write-back", "files are mapped whose pages are written back"),
    /** Memory can be locked. */
    MEMORY_LOCK("memory-lock", "memory can be locked"),
    /** Mappings can be made that grow when the process uses what is below them. */
    GROWING_STACKS("growing-stacks", "mappings grow downwards like stacks"),
    /** Mappings can be moved and resized. */
    MREMAP("mremap", "mappings can be moved and resized"),
    /** The protection of mappings can be changed. */
    MPROTECT("mprotect", "protection can be changed"),
    /** Anonymous pages can be discarded ({@code MADV_DONTNEED}). */
    DISCARD("discard", "anonymous pages can be discarded"),
    /** Pages can be reclaimed on demand ({@code MADV_PAGEOUT}). */
    PAGEOUT("pageout", "pages can be reclaimed on demand"),
    /** Pages can be moved, reclaimed, merged and split on demand ({@link MemoryPressure}). */
    MEMORY_PRESSURE("memory-pressure", "pages are moved, reclaimed and merged on demand"),
    /** Huge pages exist. */
    HUGE_PAGES("huge-pages", "huge pages back mappings"),
    /** A device access to an absent page is served, by whatever means. */
    DEMAND_PAGING("demand-paging", "device accesses to absent pages are served"),
    /** Faults are served by page requests. */
    PRI("pri", "devices make page requests"),
    /** Faults are served by stalling the transaction. */
    STALL("stall", "faulting transactions stall"),
    /** Devices cache translations. */
    ATS("ats", "devices have an ATC"),
    /** There are at least two accelerators. */
    TWO_DEVICES("two-devices", "at least two accelerators"),
    /** There are at least two IOMMU instances with accelerators behind them. */
    SECOND_IOMMU("second-iommu", "accelerators behind at least two IOMMUs"),
    /** Descriptors can be passed between processes. */
    PASS_HANDLE("pass-handle", "descriptors can be passed to another process"),
    /** The PASID of a queue can be seen. */
    PASID_VISIBLE("pasid-visible", "the PASID of a queue is visible"),
    /** A device with few PASID bits is there. */
    PASID_LIMIT("pasid-limit", "a device with a narrow PASID is there"),
    /** A device ends the use of a PASID in an orderly way before it is unbound. */
    STOP_PASID("stop-pasid", "devices stop using a PASID on request"),
    /** Faults of the IOMMU can be read. */
    FAULT_RECORDS("fault-records", "fault records can be read"),
    /** What hardware and driver did can be read ({@link Introspection}). */
    INTROSPECTION("introspection", "hardware events can be read"),
    /** Devices can be removed while in use. */
    REMOVAL("removal", "devices can be removed while in use"),
    /** Devices are isolated after errors. */
    ISOLATION("isolation", "devices are isolated after errors"),
    /** Errors of the hardware can be provoked ({@code Accelerator.errorInjection}). */
    ERROR_INJECTION("error-injection", "hardware errors can be provoked"),
    /** Devices can be reset while in use. */
    RESET("reset", "devices can be reset while in use"),
    /** The attributes of devices can be read as files ({@code Accelerator.sysfs}). */
    SYSFS("sysfs", "attributes of devices are files"),
    /** Devices have virtual functions. */
    VIRTUAL_FUNCTIONS("virtual-functions", "devices have virtual functions"),
    /** Several processes can submit to one queue, each under its PASID. */
    SHARED_QUEUES("shared-queues", "processes can share a queue"),
    /** Several jobs can be submitted all or nothing. */
    BATCH_SUBMIT("batch-submit", "several jobs can be submitted at once"),
    /** Queues have priorities. */
    QUEUE_PRIORITIES("queue-priorities", "queues have priorities"),
    /** Jobs can be submitted through the descriptor. */
    DIRECT_SUBMIT("direct-submit", "jobs can be submitted through the descriptor"),
    /** Policy: a foreign handle is refused with EPERM. */
    FOREIGN_REFUSE("foreign-refuse", "policy: a foreign handle is refused with EPERM"),
    /** Policy: a foreign handle acts on its opener's address space. */
    FOREIGN_OPENER("foreign-opener", "policy: a foreign handle acts on its opener's address space"),
    /** Queues have the states of uacce. */
    QUEUE_STATES("queue-states", "queues are started and stopped"),
    /** Queues have regions to map. */
    REGIONS("regions", "queues have regions to map"),
    /** The number of free queues can be read. */
    INSTANCES("instances", "the number of free queues can be read"),
    /** Completions can be waited for. */
    POLL("poll", "completions can be waited for"),
    /** Permission to execute is checked. */
    EXECUTE_PERMISSION("execute-permission", "devices can fetch instructions");

    private final String id;
    private final String title;

    Capability(String id, String title) {
        this.id = id;
        this.title = title;
    }

    /**
     * The name in expressions and certificates.
     *
     * @return lower case with hyphens
     */
    public String id() {
        return id;
    }

    /**
     * What the claim says.
     *
     * @return a few words
     */
    public String title() {
        return title;
    }

    /**
     * Finds a capability by its name.
     *
     * @param id a name as in {@link #id}
     * @return the capability, or empty if there is none of that name
     */
    public static Optional<Capability> ofId(String id) {
        return Arrays.stream(values()).filter(c -> c.id.equals(id)).findFirst();
    }
}
