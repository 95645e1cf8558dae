package org.opensva.emulated.kernel.sva;

import org.jspecify.annotations.Nullable;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.telemetry.WorkInProgress;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * The bond of a device and an address space (Linux: {@code iommu_sva}), with its references and the
 * page-fault groups that are being served for it.
 */
final class Bond {

    private final ManagedDevice device;
    private final AddressSpace addressSpace;
    private final MmBonds mm;
    private final MmBonds.SharedDomain domain;
    private final Pasid pasid;
    private final AddressSpace.Subscription hold;

    /** Who knows which jobs the device works at: one for each queue whose jobs are traced. */
    private final List<WorkInProgress> followed = new CopyOnWriteArrayList<>();

    /** Guarded by the lock of the address space's bonds. */
    private int references = 1;

    /** Not a monitor: who waits for one is woken by a thread of the Java machine's own choice. */
    private final ReentrantLock groups = new ReentrantLock();

    /** There once somebody waits; guarded by the lock, as what follows. */
    private @Nullable Condition allAnswered;

    private int pendingGroups;

    private boolean ended;

    Bond(
            ManagedDevice device,
            AddressSpace addressSpace,
            MmBonds mm,
            MmBonds.SharedDomain domain,
            Pasid pasid,
            AddressSpace.Subscription hold) {
        this.device = device;
        this.addressSpace = addressSpace;
        this.mm = mm;
        this.domain = domain;
        this.pasid = pasid;
        this.hold = hold;
    }

    ManagedDevice device() {
        return device;
    }

    AddressSpace addressSpace() {
        return addressSpace;
    }

    MmBonds mm() {
        return mm;
    }

    MmBonds.SharedDomain domain() {
        return domain;
    }

    Pasid pasid() {
        return pasid;
    }

    AddressSpace.Subscription hold() {
        return hold;
    }

    void addReference() {
        references++;
    }

    /** True if that was the last one. */
    boolean dropReference() {
        return --references == 0;
    }

    void follow(WorkInProgress work) {
        followed.add(work);
    }

    void unfollow(WorkInProgress work) {
        followed.remove(work);
    }

    /** Visits the jobs under way that use a page. */
    void visitWork(long address, Consumer<WorkInProgress.Work> visitor) {
        followed.forEach(work -> work.visit(address, visitor));
    }

    /** Visits the jobs that have just ended in a fault of a page. */
    void visitFaulted(long address, Consumer<WorkInProgress.Work> visitor) {
        followed.forEach(work -> work.visitFaulted(address, visitor));
    }

    /** A group of faults begins to be served; false if the bond has ended. */
    boolean enter() {
        groups.lock();
        try {
            if (ended) {
                return false;
            }
            pendingGroups++;
            return true;
        } finally {
            groups.unlock();
        }
    }

    /** A group has been answered. */
    void leave() {
        groups.lock();
        try {
            if (--pendingGroups == 0 && allAnswered != null) {
                allAnswered.signalAll();
            }
        } finally {
            groups.unlock();
        }
    }

    /** Refuses further groups, and waits until those that entered have been answered. */
    void drain() {
        groups.lock();
        try {
            ended = true;
            while (pendingGroups > 0) {
                Condition answered = allAnswered;
                if (answered == null) {
                    answered = groups.newCondition();
                    allAnswered = answered;
                }
                answered.awaitUninterruptibly();
            }
        } finally {
            groups.unlock();
        }
    }
}
