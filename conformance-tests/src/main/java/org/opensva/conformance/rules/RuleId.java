package org.opensva.conformance.rules;

import java.util.Optional;

/**
 * The rules in force, one constant per rule. Generated from the rule files; do not edit.
 *
 * <p>Ids of retired rules have no constant.
 */
public enum RuleId {
    /** The device walks the process's own page tables; nothing is mirrored or mapped. */
    BIND_01("BIND-01"),
    /** Memory mapped after the bind is usable by the device at once and nothing is pinned. */
    BIND_02("BIND-02"),
    /** A second bind of the same address space to the same device adds a reference only. */
    BIND_03("BIND-03"),
    /** One address space on two devices has one PASID and two independent attachments. */
    BIND_04("BIND-04"),
    /** Devices behind different IOMMUs get separate domains for one address space. */
    BIND_05("BIND-05"),
    /** Two live address spaces never hold the same PASID, even on unrelated devices. */
    BIND_06("BIND-06"),
    /** A PASID lies between 1 and the smaller of the device's and the IOMMU's limit. */
    BIND_07("BIND-07"),
    /** A device too narrow for the address space's PASID refuses the bind with EOVERFLOW. */
    BIND_08("BIND-08"),
    /** A bind that finds no free PASID fails with ENOSPC. */
    BIND_09("BIND-09"),
    /** Every refused bind says why with a defined error. */
    BIND_10("BIND-10"),
    /** A platform may refuse every bind with EOPNOTSUPP; users probe instead of assuming. */
    BIND_11("BIND-11"),
    /** A failed bind leaves no trace and can be retried at once. */
    BIND_12("BIND-12"),
    /** The PASID stays with the address space after its last unbind. */
    BIND_13("BIND-13"),
    /** A bind belongs to the address space: all threads share it. */
    BIND_14("BIND-14"),
    /** The bound address space is the opener's, whoever holds the handle. */
    BIND_15("BIND-15"),
    /** Fault handling is part of the bind, with no separate step to get wrong. */
    BIND_16("BIND-16"),
    /** Without fault recovery a device may bind, and an absent page is a device error. */
    BIND_17("BIND-17"),
    /** Device features come on in the order PASID, ATS, PRI, and go off in reverse. */
    BIND_18("BIND-18"),
    /** PASIDs are used only where the whole path to the device carries them safely. */
    BIND_19("BIND-19"),
    /** An IOMMU whose walks cannot follow the processor's tables refuses the bind. */
    BIND_20("BIND-20"),
    /** Page size, address width and tag width must cover the processor's before SVA is offered. */
    BIND_21("BIND-21"),
    /** Traffic without a PASID is untouched by bind and unbind. */
    BIND_22("BIND-22"),
    /** Hardware sees a table entry only when it is complete. */
    BIND_23("BIND-23"),
    /** Invalidations are subscribed to before the entry is live. */
    BIND_24("BIND-24"),
    /** A PASID starts with a clean ATC. */
    BIND_25("BIND-25"),
    /** A PASID without an attachment gives no access to anything. */
    BIND_26("BIND-26"),
    /** Device accesses obey page permissions and never reach kernel addresses. */
    BIND_27("BIND-27"),
    /** An entry in use is never overwritten. */
    BIND_28("BIND-28"),
    /** Kernel tables cached through a bound process are flushed before they are reused. */
    BIND_29("BIND-29"),
    /** The child's address space starts unbound. */
    FORK_01("FORK-01"),
    /** A PASID held in processor state is not inherited. */
    FORK_02("FORK-02"),
    /** A bind in the child gives a PASID of its own. */
    FORK_03("FORK-03"),
    /** The parent's bond and its jobs in flight survive fork. */
    FORK_04("FORK-04"),
    /** Once fork has returned, no device write of the parent reaches the child's private memory. */
    FORK_05("FORK-05"),
    /** The next device write to a private page breaks copy-on-write for the parent. */
    FORK_06("FORK-06"),
    /** After the parent's CPU breaks copy-on-write the device reads the parent's new page. */
    FORK_07("FORK-07"),
    /** Copy-on-write broken in the child leaves the parent's device view unchanged. */
    FORK_08("FORK-08"),
    /** Shared mappings stay shared: both processes see device writes. */
    FORK_09("FORK-09"),
    /** The device never sees two copied pages change in the wrong order. */
    FORK_10("FORK-10"),
    /** A handle used from a foreign address space follows the declared policy. */
    FORK_11("FORK-11"),
    /** Queue mappings are not inherited. */
    FORK_12("FORK-12"),
    /** Mapping a region of an inherited handle follows the policy and the region's slot. */
    FORK_13("FORK-13"),
    /** A queue lives until the last copy of its handle is closed. */
    FORK_14("FORK-14"),
    /** A child closing its copies never stops the parent's queue or bond. */
    FORK_15("FORK-15"),
    /** When the parent dies first its device access ends, and its PASID stays reserved. */
    FORK_16("FORK-16"),
    /** The child's exit does not disturb the parent's translations. */
    FORK_17("FORK-17"),
    /** Threads share bond and PASID; one thread's close does not unbind the others. */
    FORK_18("FORK-18"),
    /** A child that shares the address space acts on it until exec, which leaves it bound. */
    FORK_19("FORK-19"),
    /** After exec the old address space is quiet and its handle accepts only close. */
    FORK_20("FORK-20"),
    /** Close-on-exec and release of the address space may come in either order. */
    FORK_21("FORK-21"),
    /** The fork rules hold for huge pages. */
    FORK_22("FORK-22"),
    /** Repeated fork under device write load never leaks one byte. */
    FORK_23("FORK-23"),
    /** A failed fork invalidates too. */
    FORK_24("FORK-24"),
    /** A child can open and use queues of its own, whatever its parent had opened. */
    FORK_25("FORK-25"),
    /** A library may leave inherited handles open in the child. */
    FORK_26("FORK-26"),
    /** After munmap returns no device access reaches the old page. */
    UNMAP_01("UNMAP-01"),
    /** Pages and tables are freed only after every invalidation has finished. */
    UNMAP_02("UNMAP-02"),
    /** The IOTLB is invalidated and complete before the ATC is told. */
    UNMAP_03("UNMAP-03"),
    /** The notification returns only after the hardware has signalled completion. */
    UNMAP_04("UNMAP-04"),
    /** After completion no write that used the old translation is still in flight. */
    UNMAP_05("UNMAP-05"),
    /** Every device bound to the address space is invalidated. */
    UNMAP_06("UNMAP-06"),
    /** The first and the last page of a range are invalidated like all between. */
    UNMAP_07("UNMAP-07"),
    /** Invalidating more than was asked is legal, less is not. */
    UNMAP_08("UNMAP-08"),
    /** An unaligned range is rounded outwards until it covers both ends. */
    UNMAP_09("UNMAP-09"),
    /** An empty or degenerate range never turns into an invalidation of nothing. */
    UNMAP_10("UNMAP-10"),
    /** Huge ranges invalidate as completely as small ones, in bounded time. */
    UNMAP_11("UNMAP-11"),
    /** Invalidations reach the walk caches, not only the leaf entries. */
    UNMAP_12("UNMAP-12"),
    /** Range commands are encoded within the limits of the hardware. */
    UNMAP_13("UNMAP-13"),
    /** Neighbouring pages stay usable with their data. */
    UNMAP_14("UNMAP-14"),
    /** After mapping other memory at the same address the device sees only the new memory. */
    UNMAP_15("UNMAP-15"),
    /** Moving a mapping moves the device's view with it and loses no write. */
    UNMAP_16("UNMAP-16"),
    /** After mprotect narrows access, the device has no more access than the process. */
    UNMAP_17("UNMAP-17"),
    /** After a permission was widened the device succeeds after a bounded number of faults. */
    UNMAP_18("UNMAP-18"),
    /** Discarded anonymous memory reads as zeros, and writes go to a new page. */
    UNMAP_19("UNMAP-19"),
    /** Reclaimed pages come back with their data, what only the device had written included. */
    UNMAP_20("UNMAP-20"),
    /** Batching in reclaim does not delay the device's invalidation. */
    UNMAP_21("UNMAP-21"),
    /** Moving a page to another frame loses no device write. */
    UNMAP_22("UNMAP-22"),
    /** Splitting and collapsing huge pages keeps all the promises. */
    UNMAP_23("UNMAP-23"),
    /** After a file was shortened the device cannot reach beyond its end. */
    UNMAP_24("UNMAP-24"),
    /** Write protection by the system reaches the device before it is relied upon. */
    UNMAP_25("UNMAP-25"),
    /** Tables shared between processes are flushed before another process can reuse them. */
    UNMAP_26("UNMAP-26"),
    /** Invalidating one address space never breaks the correctness of another. */
    UNMAP_27("UNMAP-27"),
    /** The ATC gets its own invalidation, however the IOTLB is invalidated. */
    UNMAP_28("UNMAP-28"),
    /** A bind racing with an unmapping misses nothing. */
    UNMAP_29("UNMAP-29"),
    /** Invalidate requests go to every function whose ATS is on, and to no other. */
    UNMAP_30("UNMAP-30"),
    /** A dead device cannot hang an unmapping. */
    UNMAP_31("UNMAP-31"),
    /** A device that needs an invalidation repeated gets it, and the promise still holds. */
    UNMAP_32("UNMAP-32"),
    /** Kernel tables reachable through a bound process are freed only after a flush. */
    UNMAP_33("UNMAP-33"),
    /** Memory reaped from a dying process is out of the device's reach. */
    UNMAP_34("UNMAP-34"),
    /** A driver that shares tables hears of changes through one channel only. */
    UNMAP_35("UNMAP-35"),
    /** In a hole of a mapped file a device finds zeroes. */
    UNMAP_36("UNMAP-36"),
    /** After a file was written back a device's write makes its page dirty again. */
    UNMAP_37("UNMAP-37"),
    /** Locked memory is there for devices that cannot fault, and stays. */
    UNMAP_38("UNMAP-38"),
    /** A valid but absent page is faulted in and the device completes. */
    FAULT_01("FAULT-01"),
    /** An access outside every mapping is an error of the job, not of the process. */
    FAULT_02("FAULT-02"),
    /** An access that the mapping does not permit is answered Invalid. */
    FAULT_03("FAULT-03"),
    /** A device access below the stack does not grow the stack. */
    FAULT_04("FAULT-04"),
    /** An access that the process itself could not complete is answered Invalid. */
    FAULT_05("FAULT-05"),
    /** A fault that only user space could resolve is answered Invalid. */
    FAULT_06("FAULT-06"),
    /** Kernel and non-canonical addresses are answered Invalid. */
    FAULT_07("FAULT-07"),
    /** A page request without a PASID is never served as one of a process. */
    FAULT_08("FAULT-08"),
    /** A fault of an address space past its last user is answered Invalid without touching it. */
    FAULT_09("FAULT-09"),
    /** A group is served when its last request has arrived, in order, with one answer. */
    FAULT_10("FAULT-10"),
    /** One failed page makes the answer of its group Invalid. */
    FAULT_11("FAULT-11"),
    /** Different groups are served concurrently and may be answered out of order. */
    FAULT_12("FAULT-12"),
    /** Success lets the device retry; Invalid and Failure end the access. */
    FAULT_13("FAULT-13"),
    /** An answer names its group and completes no other. */
    FAULT_14("FAULT-14"),
    /** Every last-in-group request gets exactly one answer on every path. */
    FAULT_15("FAULT-15"),
    /** A request that is not the last may be dropped, and then owes no answer. */
    FAULT_16("FAULT-16"),
    /** A stop marker is taken out of the queue without an answer. */
    FAULT_17("FAULT-17"),
    /** A malformed request is rejected, and answered Invalid if it is the last. */
    FAULT_18("FAULT-18"),
    /** After an overflow of the request queue every device can ask again and finish. */
    FAULT_19("FAULT-19"),
    /** A stalled transaction is a group of one with one resume. */
    FAULT_20("FAULT-20"),
    /** A page request to a system that serves none is recorded and denied. */
    FAULT_21("FAULT-21"),
    /** Success is not a lease: the device asks again, and progresses when memory is not short. */
    FAULT_22("FAULT-22"),
    /** What a device wrote counts as written. */
    FAULT_23("FAULT-23"),
    /** A device write to a zero or copy-on-write page gives that process a private page. */
    FAULT_24("FAULT-24"),
    /** A fault racing with removal of its device is answered Invalid and harms nothing. */
    FAULT_25("FAULT-25"),
    /** A fault without a handler never reaches another address space. */
    FAULT_26("FAULT-26"),
    /** Devices are cut off before any page of a dying address space is freed. */
    EXIT_01("EXIT-01"),
    /** A dead address space is quiesced: its PASID aborts without a report. */
    EXIT_02("EXIT-02"),
    /** After release the device's accesses abort quietly and others are not disturbed. */
    EXIT_03("EXIT-03"),
    /** Exit waits for invalidations only, and those are bounded. */
    EXIT_04("EXIT-04"),
    /** Dying with an open handle and closing it first end in the same state. */
    EXIT_05("EXIT-05"),
    /** Unbind cuts off this device and leaves the process and other devices alone. */
    EXIT_06("EXIT-06"),
    /** Unbind after release removes the quiesced entry completely. */
    EXIT_07("EXIT-07"),
    /** The queue and its page requests are stopped before unbind. */
    EXIT_08("EXIT-08"),
    /** A translation tag is reused only after its cached entries are gone. */
    EXIT_09("EXIT-09"),
    /** The PASID is free only when the address space is destroyed and no attachment is left. */
    EXIT_10("EXIT-10"),
    /** The next owner of a PASID sees nothing of the last one. */
    EXIT_11("EXIT-11"),
    /** No page request of a PASID outlives its unbind. */
    EXIT_12("EXIT-12"),
    /** A device leaves the fault queue after its entry is dead and drained. */
    EXIT_13("EXIT-13"),
    /** Kill, abort and normal exit give the same result. */
    EXIT_14("EXIT-14"),
    /** Jobs of a dead process end in bounded time and the queue becomes usable again. */
    EXIT_15("EXIT-15"),
    /** All devices of a dying address space go quiet in the same release. */
    EXIT_16("EXIT-16"),
    /** A bind racing with exit fails or is fully undone. */
    EXIT_17("EXIT-17"),
    /** A subscription is freed only after its last running callback. */
    EXIT_18("EXIT-18"),
    /** An entry is taken down valid bit first, caches next, the rest last. */
    EXIT_19("EXIT-19"),
    /** A device reset leaves no cached translation and no ATS traffic crosses it. */
    EXIT_20("EXIT-20"),
    /** Removing the last PASID restores the configuration from before the first bind. */
    EXIT_21("EXIT-21"),
    /** A backend that is closed leaves nothing running. */
    EXIT_22("EXIT-22"),
    /** Open creates one queue bound to the caller's address space. */
    UACCE_01("UACCE-01"),
    /** Several opens by one process are several queues under one PASID. */
    UACCE_02("UACCE-02"),
    /** A queue is started once; starting it again is EINVAL. */
    UACCE_03("UACCE-03"),
    /** Put stops the queue only; it can be started again, and close returns it. */
    UACCE_04("UACCE-04"),
    /** A dead queue refuses every call with ENXIO, and an unknown call is EINVAL. */
    UACCE_05("UACCE-05"),
    /** Each region maps once, at its own index, with its own size. */
    UACCE_06("UACCE-06"),
    /** An unmapped region may be mapped again; moving or growing one is refused. */
    UACCE_07("UACCE-07"),
    /** Poll reports readable when there are new completions. */
    UACCE_08("UACCE-08"),
    /** Close stops, returns and unbinds once, also beside a removal. */
    UACCE_09("UACCE-09"),
    /** A slow control call on one queue delays submission on none. */
    UACCE_10("UACCE-10"),
    /** A device describes itself truthfully. */
    UACCE_11("UACCE-11"),
    /** The number of free queues drops at open and returns at final close. */
    UACCE_12("UACCE-12"),
    /** A device without SVA says so and never treats user addresses as its own. */
    UACCE_13("UACCE-13"),
    /** The isolation threshold is checked, and setting it clears the error history. */
    UACCE_14("UACCE-14"),
    /** A device is isolated when its earlier errors within an hour reach the threshold. */
    UACCE_15("UACCE-15"),
    /** Removing a device stops everything and leaves handles that accept only close. */
    UACCE_16("UACCE-16"),
    /** A reset in use is visible, fails the jobs in flight and hangs nobody. */
    UACCE_17("UACCE-17"),
    /** Stopping a queue completes or fails everything it had accepted, in bounded time. */
    UACCE_18("UACCE-18"),
    /** Names of devices are unique among those present. */
    UACCE_19("UACCE-19"),
    /** A handle passed to another process behaves as an inherited one. */
    UACCE_20("UACCE-20"),
    /** A submission to a shared queue acts on its submitter's address space only. */
    UACCE_21("UACCE-21"),
    /** A child gets nothing from a part in a shared queue that it inherited. */
    UACCE_22("UACCE-22"),
    /** A full shared queue says try again, and loses nothing. */
    UACCE_23("UACCE-23"),
    /** A submitter that dies takes nobody along. */
    UACCE_24("UACCE-24"),
    /** Several jobs submitted together are taken together or not at all. */
    UACCE_25("UACCE-25"),
    /** No translation request or translated access while ATS is off. */
    ATS_01("ATS-01"),
    /** A cached translation is used only inside the range it was given for. */
    ATS_02("ATS-02"),
    /** An answer without any permission is not cached. */
    ATS_03("ATS-03"),
    /** A cached translation is used only for the access it grants. */
    ATS_04("ATS-04"),
    /** A refused translation request switches the ATC off; an aborted one is not cached. */
    ATS_05("ATS-05"),
    /** An invalidation removes every cached translation that overlaps its range. */
    ATS_06("ATS-06"),
    /**
     * An invalidate completion is sent only after every use of the old translation has finished.
     */
    ATS_07("ATS-07"),
    /** A translation that was being fetched when its range was invalidated is not used. */
    ATS_08("ATS-08"),
    /** Each invalidate request is completed once per traffic class, with its own tag. */
    ATS_09("ATS-09"),
    /** Invalidate requests up to the advertised depth are accepted whatever else is stuck. */
    ATS_10("ATS-10"),
    /** Invalidations are answered while ATS or bus mastering is off. */
    ATS_11("ATS-11"),
    /** The scope of an invalidation covers at least what it names. */
    ATS_12("ATS-12"),
    /** Reset and enabling ATS leave the ATC empty. */
    ATS_13("ATS-13"),
    /** A missing invalidate completion never counts as success. */
    ATS_14("ATS-14"),
    /** A completion that nobody waits for completes nothing. */
    ATS_15("ATS-15"),
    /** A translated access is accepted only from a function that was granted ATS. */
    ATS_16("ATS-16"),
    /** A device keeps within its allocation of page requests. */
    ATS_17("ATS-17"),
    /** A group keeps its index until it is answered, and its last request says so. */
    ATS_18("ATS-18"),
    /** A page request asks for the access that the device needs. */
    ATS_19("ATS-19"),
    /** After Success the device translates again before it accesses. */
    ATS_20("ATS-20"),
    /** After Invalid the device ends the access with an error. */
    ATS_21("ATS-21"),
    /** After Response Failure the device requests no page until it is enabled again. */
    ATS_22("ATS-22"),
    /** An answer for a group that is not open is reported and completes nothing. */
    ATS_23("ATS-23"),
    /** A last request that cannot be queued is answered by the hardware. */
    ATS_24("ATS-24"),
    /** A stop marker is the last message of its PASID and costs no credit. */
    ATS_25("ATS-25"),
    /** A stopped PASID has nothing in flight. */
    ATS_26("ATS-26");

    private final String id;

    RuleId(String id) {
        this.id = id;
    }

    /**
     * Returns the id as documents and certificates write it.
     *
     * @return the id, such as {@code UNMAP-01}
     */
    public String id() {
        return id;
    }

    /**
     * Finds the constant of an id.
     *
     * @param id an id such as {@code UNMAP-01}
     * @return the constant, or empty when no rule in force has that id
     */
    public static Optional<RuleId> of(String id) {
        for (RuleId value : values()) {
            if (value.id.equals(id)) {
                return Optional.of(value);
            }
        }
        return Optional.empty();
    }

    @Override
    public String toString() {
        return id;
    }
}
