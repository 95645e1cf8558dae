package org.opensva.conformance.rules;

import org.opensva.api.backend.Capability;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * A condition over capabilities: {@code fork & (pri | stall) & !pasid-limit}.
 *
 * <p>Grammar, loosest binding first: alternatives separated by {@code |}, conjunctions by {@code
 * &}, {@code !} for negation, parentheses, and the names of {@link Capability#id()}. The empty
 * expression always holds.
 */
public final class CapabilityExpression {

    /** The longest expression accepted, in characters; it also bounds the nesting. */
    public static final int MAX_LENGTH = 200;

    private final String text;
    private final Node root;
    private final Set<Capability> capabilities;

    private CapabilityExpression(String text, Node root, Set<Capability> capabilities) {
        this.text = text;
        this.root = root;
        this.capabilities = Collections.unmodifiableSet(capabilities);
    }

    /**
     * Reads an expression.
     *
     * @param text the expression, at most {@value #MAX_LENGTH} characters; blank means always
     * @return the expression
     * @throws RuleBookException when the text does not follow the grammar or uses an unknown name
     */
    public static CapabilityExpression parse(String text) {
        if (text.length() > MAX_LENGTH) {
            throw new RuleBookException(
                    "capability expression of "
                            + text.length()
                            + " characters; at most "
                            + MAX_LENGTH
                            + " are allowed");
        }
        if (text.isBlank()) {
            return new CapabilityExpression("", new Always(), noCapabilities());
        }
        Parser parser = new Parser(text);
        Node root = parser.whole();
        return new CapabilityExpression(root.render(0), root, parser.capabilities);
    }

    /**
     * Says whether a set of claimed capabilities satisfies the condition.
     *
     * @param claimed what a backend claims
     * @return true when the condition holds
     */
    public boolean holds(Set<Capability> claimed) {
        return root.holds(claimed);
    }

    /**
     * Returns why the condition does not hold: the parts of it that are not satisfied.
     *
     * @param claimed what a backend claims
     * @return the unsatisfied names, those that must be absent with a leading {@code !}, sorted;
     *     empty when the condition holds
     */
    public SortedSet<String> unmet(Set<Capability> claimed) {
        SortedSet<String> unmet = new TreeSet<>();
        root.unmet(claimed, unmet);
        return Collections.unmodifiableSortedSet(unmet);
    }

    /**
     * Returns the capabilities the condition mentions, negated or not.
     *
     * @return the capabilities in the order of the enum, unmodifiable; empty for the expression
     *     that always holds
     */
    public Set<Capability> capabilities() {
        return capabilities;
    }

    /**
     * Says whether the condition holds for every backend by its form.
     *
     * @return true for the empty expression
     */
    public boolean isAlways() {
        return capabilities.isEmpty();
    }

    /**
     * Returns the canonical text: single spaces, no superfluous parentheses.
     *
     * @return the text, empty for the condition that always holds
     */
    @Override
    public String toString() {
        return text;
    }

    /** Binding strength in {@link Node#render}: 0 alternatives, 1 conjunctions, 2 negation. */
    private sealed interface Node {
        boolean holds(Set<Capability> claimed);

        void unmet(Set<Capability> claimed, Set<String> into);

        String render(int strength);
    }

    private record Always() implements Node {
        @Override
        public boolean holds(Set<Capability> claimed) {
            return true;
        }

        @Override
        public void unmet(Set<Capability> claimed, Set<String> into) {}

        @Override
        public String render(int strength) {
            return "";
        }
    }

    private record Claim(Capability capability) implements Node {
        @Override
        public boolean holds(Set<Capability> claimed) {
            return claimed.contains(capability);
        }

        @Override
        public void unmet(Set<Capability> claimed, Set<String> into) {
            if (!holds(claimed)) {
                into.add(capability.id());
            }
        }

        @Override
        public String render(int strength) {
            return capability.id();
        }
    }

    private record Not(Node operand) implements Node {
        @Override
        public boolean holds(Set<Capability> claimed) {
            return !operand.holds(claimed);
        }

        @Override
        public void unmet(Set<Capability> claimed, Set<String> into) {
            if (!holds(claimed)) {
                into.add(render(0));
            }
        }

        @Override
        public String render(int strength) {
            return "!" + operand.render(2);
        }
    }

    private record Both(Node left, Node right) implements Node {
        @Override
        public boolean holds(Set<Capability> claimed) {
            return left.holds(claimed) && right.holds(claimed);
        }

        @Override
        public void unmet(Set<Capability> claimed, Set<String> into) {
            left.unmet(claimed, into);
            right.unmet(claimed, into);
        }

        @Override
        public String render(int strength) {
            return enclose(strength > 1, left.render(1) + " & " + right.render(1));
        }
    }

    private record Either(Node left, Node right) implements Node {
        @Override
        public boolean holds(Set<Capability> claimed) {
            return left.holds(claimed) || right.holds(claimed);
        }

        @Override
        public void unmet(Set<Capability> claimed, Set<String> into) {
            if (!holds(claimed)) {
                left.unmet(claimed, into);
                right.unmet(claimed, into);
            }
        }

        @Override
        public String render(int strength) {
            return enclose(strength > 0, left.render(0) + " | " + right.render(0));
        }
    }

    private static Set<Capability> noCapabilities() {
        return EnumSet.noneOf(Capability.class);
    }

    private static String enclose(boolean needed, String text) {
        return needed ? "(" + text + ")" : text;
    }

    private static final class Parser {
        private final String text;
        private final Set<Capability> capabilities = noCapabilities();
        private int at;

        Parser(String text) {
            this.text = text;
        }

        Node whole() {
            Node node = alternatives();
            if (at < text.length()) {
                throw error("unexpected " + found());
            }
            return node;
        }

        private Node alternatives() {
            Node node = conjunction();
            while (accept('|')) {
                node = new Either(node, conjunction());
            }
            return node;
        }

        private Node conjunction() {
            Node node = operand();
            while (accept('&')) {
                node = new Both(node, operand());
            }
            return node;
        }

        private Node operand() {
            if (accept('!')) {
                return new Not(operand());
            }
            if (accept('(')) {
                Node node = alternatives();
                if (!accept(')')) {
                    throw error("expected ')', found " + found());
                }
                return node;
            }
            return name();
        }

        private Node name() {
            int start = at;
            while (at < text.length() && isNamePart(text.charAt(at))) {
                at++;
            }
            if (at == start) {
                throw error("expected a capability name, found " + found());
            }
            String name = text.substring(start, at);
            Optional<Capability> capability = Capability.ofId(name);
            if (capability.isEmpty()) {
                at = start;
                throw error("unknown capability " + RuleBookException.quote(name));
            }
            capabilities.add(capability.get());
            skipSpace();
            return new Claim(capability.get());
        }

        private boolean accept(char wanted) {
            skipSpace();
            if (at < text.length() && text.charAt(at) == wanted) {
                at++;
                skipSpace();
                return true;
            }
            return false;
        }

        private void skipSpace() {
            while (at < text.length() && text.charAt(at) == ' ') {
                at++;
            }
        }

        private String found() {
            return at < text.length()
                    ? RuleBookException.quote(text.substring(at, at + 1))
                    : "the end";
        }

        private RuleBookException error(String what) {
            return new RuleBookException(
                    what
                            + " at column "
                            + (at + 1)
                            + " of capability expression "
                            + RuleBookException.quote(text));
        }

        private static boolean isNamePart(char c) {
            return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
        }
    }
}
