package org.opensva.ats.pri;

import org.jspecify.annotations.Nullable;
import org.opensva.api.ats.PageGroupResponse;
import org.opensva.ats.pri.RequestGroup.Phase;

import java.util.concurrent.locks.Condition;

/**
 * The groups whose answer is owed, by PRG index, and the credits that they hold.
 *
 * <p><b>Threading.</b> Used under the lock of the interface.
 */
final class RequestGroups {

    private final @Nullable RequestGroup[] groups;
    private final FreeIndexes indexes;
    private int allocation;
    private int outstanding;

    RequestGroups(int size) {
        groups = new @Nullable RequestGroup[size];
        indexes = new FreeIndexes(size);
    }

    /** How many messages may be outstanding from now on. */
    void allocate(int credits) {
        allocation = credits;
    }

    int outstanding() {
        return outstanding;
    }

    /** How many messages a group of so many pages can have now; 0 to wait for credits. */
    int available(int pages) {
        int wanted = Math.min(pages, allocation);
        return allocation - outstanding >= wanted ? wanted : 0;
    }

    /** A new group, with an index and credits. */
    RequestGroup add(Condition answered, int pasid, int messages) {
        int index = indexes.take();
        // A new one for each request: its waiter may look at it after the index was reused.
        RequestGroup group = new RequestGroup(answered, index, pasid, messages);
        groups[index] = group;
        outstanding += messages;
        return group;
    }

    /** Whom a response is for: an index nobody has, or another's PASID, is for nobody. */
    @Nullable RequestGroup find(PageGroupResponse response) {
        int index = response.groupIndex();
        RequestGroup group = index >= 0 && index < groups.length ? groups[index] : null;
        return group != null && group.matches(response) ? group : null;
    }

    /** Ends a group: index and credits are free. */
    void settle(RequestGroup group, PageOutcome outcome) {
        group.settle(outcome);
        groups[group.index] = null;
        outstanding -= group.messages;
        indexes.giveBack(group.index);
    }

    /** Ends all groups; an answer that still comes is unexpected. */
    void settleAll(PageOutcome outcome) {
        for (int i = 0; i < groups.length; i++) {
            RequestGroup group = groups[i];
            if (group != null) {
                group.settle(outcome);
                groups[i] = null;
            }
        }
        outstanding = 0;
        indexes.giveAllBack();
    }

    /** Tells whether somebody waits for an answer to a PASID's request. */
    boolean hasWaiting(int pasid) {
        return has(pasid, Phase.SENDING) || has(pasid, Phase.WAITING);
    }

    /** Tells whether an answer that nobody waits for any more is owed to a PASID. */
    boolean hasAbandoned(int pasid) {
        return has(pasid, Phase.ABANDONED);
    }

    private boolean has(int pasid, Phase phase) {
        for (RequestGroup group : groups) {
            if (group != null && group.pasid == pasid && group.phase == phase) {
                return true;
            }
        }
        return false;
    }
}
