package org.opensva.smmuv3.model;

/**
 * Doubly linked lists through a fixed number of entries, each in one list at a time; nothing is
 * allocated when they change. The caller locks.
 *
 * <p>Lists are circles through a head. A link is stored as the distance to the node it leads to, so
 * that fresh arrays are empty lists.
 */
final class Chains {

    /** No list. */
    static final int NONE = -1;

    private final int entries;
    private final int[] next;
    private final int[] previous;
    private final int[] lengths;

    Chains(int entries, int heads) {
        this.entries = entries;
        next = new int[entries + heads];
        previous = new int[entries + heads];
        lengths = new int[heads];
    }

    /**
     * Moves an entry to the front of another list.
     *
     * @param from the list it is in, or {@link #NONE}
     * @param to the list it is to be in, or {@link #NONE}
     */
    void move(int from, int to, int entry) {
        if (from == to) {
            return;
        }
        if (from != NONE) {
            remove(from, entry);
        }
        if (to != NONE) {
            add(to, entry);
        }
    }

    private void add(int list, int entry) {
        int head = entries + list;
        int first = head + next[head];
        link(head, entry);
        link(entry, first);
        lengths[list]++;
    }

    private void remove(int list, int entry) {
        link(entry + previous[entry], entry + next[entry]);
        next[entry] = 0;
        previous[entry] = 0;
        lengths[list]--;
    }

    private void link(int from, int to) {
        next[from] = to - from;
        previous[to] = from - to;
    }

    /** How many entries a list has. */
    int length(int list) {
        return lengths[list];
    }

    /** The first entry of a list, or -1. */
    int first(int list) {
        return entryOrEnd(entries + list + next[entries + list]);
    }

    /** The entry behind an entry, or -1. */
    int after(int entry) {
        return entryOrEnd(entry + next[entry]);
    }

    private int entryOrEnd(int node) {
        return node < entries ? node : -1;
    }
}
