package org.opensva.vtd.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Which static members of the layouts the code of the model reaches, itself or through methods of
 * the layouts: what it looks at, as opposed to what has a name.
 */
final class ModelReferences {

    private static final String MODEL = "org/opensva/vtd/model/";
    private static final String LAYOUT = "org/opensva/vtd/layout/";

    private final Map<String, Set<String>> callees = new HashMap<>();
    private final Map<String, Set<String>> fields = new HashMap<>();
    private final Set<String> reached = new HashSet<>();

    /**
     * Reads the compiled classes.
     *
     * @param without simple names of classes of the model that do not count
     */
    ModelReferences(Set<String> without) {
        Set<String> roots = new HashSet<>();
        for (ClassModel type : classes()) {
            String name = type.thisClass().asInternalName();
            boolean isModel = name.startsWith(MODEL);
            String simple = name.substring(name.lastIndexOf('/') + 1);
            if (isModel && without.contains(simple)) {
                continue;
            }
            for (MethodModel method : type.methods()) {
                String id = name + "." + method.methodName().stringValue();
                read(id, method);
                if (isModel) {
                    roots.add(id);
                }
            }
        }
        follow(roots);
    }

    private static List<ClassModel> classes() {
        try {
            Path root =
                    Path.of(
                            VtdIommu.class
                                    .getProtectionDomain()
                                    .getCodeSource()
                                    .getLocation()
                                    .toURI());
            try (Stream<Path> files = Files.walk(root)) {
                return files.filter(file -> file.toString().endsWith(".class"))
                        .map(ModelReferences::parse)
                        .filter(type -> isOurs(type.thisClass().asInternalName()))
                        .toList();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    private static ClassModel parse(Path file) {
        try {
            return ClassFile.of().parse(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isOurs(String owner) {
        return owner.startsWith(MODEL) || owner.startsWith(LAYOUT);
    }

    private void read(String id, MethodModel method) {
        Set<String> calls = callees.computeIfAbsent(id, key -> new HashSet<>());
        Set<String> uses = fields.computeIfAbsent(id, key -> new HashSet<>());
        method.code()
                .ifPresent(code ->
                        code.forEach(element -> {
                            if (element instanceof InvokeInstruction call
                                    && isOurs(call.owner().asInternalName())) {
                                calls.add(
                                        call.owner().asInternalName()
                                                + "."
                                                + call.name().stringValue());
                            } else if (element instanceof FieldInstruction use
                                    && use.owner().asInternalName().startsWith(LAYOUT)) {
                                uses.add(
                                        member(
                                                use.owner().asInternalName(),
                                                use.name().stringValue()));
                            }
                        }));
    }

    private static String member(String owner, String name) {
        return owner.substring(LAYOUT.length()).replace('$', '.') + "." + name;
    }

    private void follow(Collection<String> roots) {
        Queue<String> open = new ArrayDeque<>(roots);
        Set<String> seen = new HashSet<>(roots);
        while (!open.isEmpty()) {
            String id = open.remove();
            if (id.startsWith(LAYOUT) && id.endsWith(".<clinit>")) {
                continue;
            }
            reached.addAll(fields.getOrDefault(id, Set.of()));
            for (String callee : callees.getOrDefault(id, Set.of())) {
                if (seen.add(callee)) {
                    open.add(callee);
                }
            }
        }
    }

    /**
     * Whether the model looks at a member, given as {@code Type.NAME} or {@code Outer.Type.NAME}.
     */
    boolean reaches(String member) {
        return reached.contains(member);
    }
}
