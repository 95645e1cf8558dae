package org.opensva.conformance.cli.project;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What a project is called.
 *
 * @param packageName its Java package
 * @param backend the name of its backend: lower case letters, digits and hyphens
 * @param className what its classes begin with
 */
record ProjectName(String packageName, String backend, String className) {

    private static final Pattern PACKAGE =
            Pattern.compile("[a-z][a-z0-9_]*(\\.[a-z][a-z0-9_]*){0,15}");

    private static final Set<String> RESERVED =
            Set.of(
                    "abstract",
                    "assert",
                    "boolean",
                    "break",
                    "byte",
                    "case",
                    "catch",
                    "char",
                    "class",
                    "const",
                    "continue",
                    "default",
                    "do",
                    "double",
                    "else",
                    "enum",
                    "extends",
                    "false",
                    "final",
                    "finally",
                    "float",
                    "for",
                    "goto",
                    "if",
                    "implements",
                    "import",
                    "instanceof",
                    "int",
                    "interface",
                    "long",
                    "native",
                    "new",
                    "null",
                    "package",
                    "private",
                    "protected",
                    "public",
                    "return",
                    "short",
                    "static",
                    "strictfp",
                    "super",
                    "switch",
                    "synchronized",
                    "this",
                    "throw",
                    "throws",
                    "transient",
                    "true",
                    "try",
                    "void",
                    "volatile",
                    "while");

    private static final Set<String> TAKEN = Set.of("emulated", "native");

    /**
     * Derives the names from a package.
     *
     * @throws IllegalArgumentException with a line that says what is wrong
     */
    static ProjectName of(String packageName) {
        if (packageName.length() > 200 || !PACKAGE.matcher(packageName).matches()) {
            throw new IllegalArgumentException(
                    "package '%s' is not lower-case names separated by dots, such as com.acme"
                            .formatted(packageName));
        }
        for (String part : packageName.split("\\.", -1)) {
            if (RESERVED.contains(part)) {
                throw new IllegalArgumentException(
                        "package '%s' has '%s' in it, which is a word of the Java language"
                                .formatted(packageName, part));
            }
        }
        if (packageName.matches("(java|javax|org\\.opensva)(\\..*)?")) {
            throw new IllegalArgumentException(
                    "package '%s' is not yours to give out".formatted(packageName));
        }
        String last = packageName.substring(packageName.lastIndexOf('.') + 1);
        String backend = last.replace('_', '-').replaceAll("-+$", "");
        if (TAKEN.contains(backend)) {
            throw new IllegalArgumentException(
                    "the last part of package '%s' names the backend, and '%s' comes with OpenSVA"
                            .formatted(packageName, backend));
        }
        StringBuilder name = new StringBuilder();
        for (String word : backend.split("-", -1)) {
            name.append(word.isEmpty() ? "" : word.substring(0, 1).toUpperCase(Locale.ROOT))
                    .append(word.isEmpty() ? "" : word.substring(1));
        }
        return new ProjectName(packageName, backend, name.toString());
    }

    String folder() {
        return packageName.replace('.', '/');
    }
}
