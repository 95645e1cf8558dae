package org.opensva.api.signature;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/** The description sees what a vendor's compiler sees, and nothing more. */
class PublicSurfaceTest {
    @TempDir Path folder;

    @Test
    void nullnessStandsWhereTheSourceHasIt() throws IOException {
        describes(
                """
                package p;
                import java.util.List;
                import java.util.Map;
                import org.jspecify.annotations.Nullable;
                public interface T<K, V extends @Nullable Object> {
                    @Nullable String @Nullable [] a(List<? extends @Nullable V> x, Map.@Nullable Entry<K, V> y);
                    default <X extends Exception> @Nullable K b(@Nullable K k, int... n) throws X, Error { return k; }
                }
                """,
                "public interface p.T<K, V extends java.lang.@Nullable Object>",
                "    method public default <X extends java.lang.Exception> @Nullable K b(@Nullable"
                        + " K, int...) throws X, java.lang.Error",
                "    method public java.lang.@Nullable String @Nullable [] a(java.util.List<?"
                        + " extends @Nullable V>, java.util.@Nullable Map$Entry<K, V>)");
    }

    @Test
    void recordsShowComponentsAndSealedTypesWhatTheyPermit() throws IOException {
        describes(
                """
                package p;
                public sealed interface S {
                    record A(long start, java.util.List<String> names) implements S {}
                    final class B implements S { private B() {} protected void hidden() {} }
                }
                """,
                "public sealed interface p.S",
                "    permits p.S$A",
                "    permits p.S$B",
                "",
                "public static record p.S$A(long start, java.util.List<java.lang.String> names)",
                "    implements p.S",
                "    constructor public S$A(long, java.util.List<java.lang.String>)",
                "    method public final boolean equals(java.lang.Object)",
                "    method public final int hashCode()",
                "    method public final java.lang.String toString()",
                "    method public java.util.List<java.lang.String> names()",
                "    method public long start()",
                "",
                "public static final class p.S$B",
                "    implements p.S");
    }

    @Test
    void enumConstantsKeepTheirOrderAndConstantsTheirValue() throws IOException {
        describes(
                """
                package p;
                public enum E {
                    LATE { @Override int n() { return 1; } },
                    @Deprecated(since = "2", forRemoval = true) EARLY { @Override int n() { return 2; } };
                    public static final String NAME = "a\\"b\\n";
                    public static final long MASK = 0xffL;
                    static final int OWN = 1;
                    abstract int n();
                }
                """,
                "public enum p.E",
                "    constant LATE",
                "    constant @Deprecated(forRemoval=true, since=\"2\") EARLY",
                "    field public static final java.lang.String NAME = \"a\\\"b\\u000a\"",
                "    field public static final long MASK = 255L",
                "    method public static p.E valueOf(java.lang.String)",
                "    method public static p.E[] values()");
    }

    @Test
    void whatOthersCannotReachIsNotDescribed() throws IOException {
        describes(
                """
                package p;
                public abstract class C<T extends Number & Comparable<T>> extends java.io.Writer {
                    protected T kept;
                    T own;
                    protected C() {}
                    C(int i) {}
                    static class Inner { public static class Deep {} }
                    public abstract void run() throws java.io.IOException;
                }
                class D { public void run() {} }
                """,
                "public abstract class p.C<T extends java.lang.Number & java.lang.Comparable<T>>",
                "    extends java.io.Writer",
                "    constructor protected C()",
                "    field protected T kept",
                "    method public abstract void run() throws java.io.IOException");
        assertEquals(List.of(), surface("package p.internal; public class H {}"));
    }

    @Test
    void aDifferenceIsShownBelowTheTypeItBelongsTo() {
        assertEquals(
                List.of("  class A", "-     x", "+     y", "+ class C", "+     z"),
                LineDiff.between(
                        List.of("class A", "    w", "    x", "", "class B", "    z", ""),
                        List.of(
                                "class A", "    w", "    y", "", "class B", "    z", "", "class C",
                                "    z", "")));
    }

    private void describes(String source, String... expected) throws IOException {
        List<String> lines = new ArrayList<>(surface(source));
        lines.removeLast();
        assertEquals(String.join("\n", expected), String.join("\n", lines));
    }

    private List<String> surface(String source) throws IOException {
        Path out = Files.createTempDirectory(folder, "classes");
        JavaCompiler javac = ToolProvider.getSystemJavaCompiler();
        DiagnosticCollector<JavaFileObject> problems = new DiagnosticCollector<>();
        String name = source.lines().filter(l -> l.contains("public ")).findFirst().orElseThrow();
        String simple = name.replaceAll(".*\\b(?:interface|enum|class) (\\w+).*", "$1");
        JavaFileObject file =
                new SimpleJavaFileObject(
                        URI.create("string:///" + simple + ".java"), JavaFileObject.Kind.SOURCE) {
                    @Override
                    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                        return source;
                    }
                };
        boolean compiled =
                javac.getTask(
                                null,
                                null,
                                problems,
                                List.of("-d", out.toString(), "-proc:none"),
                                null,
                                List.of(file))
                        .call();
        assertEquals(true, compiled, () -> problems.getDiagnostics().toString());
        return PublicSurface.of(out);
    }
}
