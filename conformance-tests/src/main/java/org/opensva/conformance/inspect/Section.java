package org.opensva.conformance.inspect;

import org.jspecify.annotations.Nullable;

import java.util.List;

/**
 * One subject of what a dump holds.
 *
 * @param key its name for programs
 * @param title its name for people
 * @param nodes what there is
 */
public record Section(String key, String title, List<Node> nodes) {

    /** Copies the list. */
    public Section {
        nodes = List.copyOf(nodes);
    }

    /**
     * Something a dump holds, with what belongs to it.
     *
     * @param text what it is, in words
     * @param decoded the structure, or null if it is none
     * @param children what belongs to it
     */
    public record Node(String text, @Nullable Decoded decoded, List<Node> children) {

        /** Copies the list. */
        public Node {
            children = List.copyOf(children);
        }

        /**
         * Something that is said in words.
         *
         * @param text the words
         */
        public Node(String text) {
            this(text, null, List.of());
        }

        /**
         * A structure that nothing belongs to.
         *
         * @param text what it is, in words
         * @param decoded the structure
         */
        public Node(String text, Decoded decoded) {
            this(text, decoded, List.of());
        }
    }
}
