package org.opensva.ats.pri;

/**
 * PRG indexes that no group has. The one that was given back first is taken first, so that an index
 * is reused as late as possible.
 *
 * <p><b>Threading.</b> Used under the lock of the interface.
 */
final class FreeIndexes {

    private final int[] indexes;
    private int head;
    private int count;

    FreeIndexes(int size) {
        indexes = new int[size];
        giveAllBack();
    }

    /**
     * There is one: every group that has an index holds a credit, and there are no more of them.
     */
    int take() {
        int index = indexes[head];
        head = (head + 1) % indexes.length;
        count--;
        return index;
    }

    void giveBack(int index) {
        indexes[(head + count) % indexes.length] = index;
        count++;
    }

    void giveAllBack() {
        for (int i = 0; i < indexes.length; i++) {
            indexes[i] = i;
        }
        head = 0;
        count = indexes.length;
    }
}
