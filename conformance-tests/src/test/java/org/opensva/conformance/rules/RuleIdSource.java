package org.opensva.conformance.rules;

/** Generates the source of {@link RuleId}, so that a wrong id in a test does not compile. */
final class RuleIdSource {

    private RuleIdSource() {}

    static String render(RuleBook book) {
        StringBuilder constants = new StringBuilder();
        for (Rule rule : book.rules()) {
            constants
                    .append(constants.isEmpty() ? "" : ",\n")
                    .append(javadoc(rule.title()))
                    .append("    %s(\"%s\")".formatted(constant(rule.id()), rule.id()));
        }
        return HEAD + constants + TAIL;
    }

    private static String constant(String id) {
        return id.replace('-', '_');
    }

    /** As the formatter of the build writes it: on one line where it fits in 100 columns. */
    private static String javadoc(String title) {
        String line = "    /** %s. */\n".formatted(comment(title));
        return line.length() <= 101
                ? line
                : "    /**\n     * %s.\n     */\n".formatted(comment(title));
    }

    /** Keeps a title from ending the comment or being taken for HTML. */
    private static String comment(String title) {
        return title.replace("*/", "*&#47;").replace("&", "&amp;").replace("<", "&lt;");
    }

    private static final String HEAD =
            """
            package org.opensva.conformance.rules;

            import java.util.Optional;

            /**
             * The rules in force, one constant per rule. Generated from the rule files; do not edit.
             *
             * <p>Ids of retired rules have no constant.
             */
            public enum RuleId {
            """;

    private static final String TAIL =
            """
            ;

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
            """;
}
