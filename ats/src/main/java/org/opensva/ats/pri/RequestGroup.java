package org.opensva.ats.pri;

import org.jspecify.annotations.Nullable;
import org.opensva.api.ats.PageGroupResponse;
import org.opensva.api.iommu.Pasid;

import java.util.concurrent.locks.Condition;

/**
 * A page request group and how far it is.
 *
 * <p><b>Threading.</b> Used under the lock of the interface.
 */
final class RequestGroup {

    enum Phase {
        /** The last message is not out yet, so that no answer can be meant for it. */
        SENDING,
        /** The answer is owed. */
        WAITING,
        /** The answer is owed, but nobody waits for it any more. */
        ABANDONED,
        /** Answered, or given up with the whole interface. */
        SETTLED
    }

    final Condition answered;
    final int index;
    final int pasid;
    final int messages;
    Phase phase = Phase.SENDING;

    /** Written with the lock held; its own waiter looks at it without. */
    volatile @Nullable PageOutcome outcome;

    RequestGroup(Condition answered, int index, int pasid, int messages) {
        this.answered = answered;
        this.index = index;
        this.pasid = pasid;
        this.messages = messages;
    }

    void settle(PageOutcome end) {
        phase = Phase.SETTLED;
        outcome = end;
        answered.signalAll();
    }

    /** The PASID has to be the one of the request, if the response has one at all. */
    boolean matches(PageGroupResponse response) {
        return (phase == Phase.WAITING || phase == Phase.ABANDONED)
                && (response.pasid() == pasid || response.pasid() == Pasid.NONE);
    }
}
