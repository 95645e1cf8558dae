package org.opensva.api.signature;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.AttributedElement;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassSignature;
import java.lang.classfile.FieldModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.MethodSignature;
import java.lang.classfile.Signature;
import java.lang.classfile.TypeAnnotation;
import java.lang.classfile.attribute.InnerClassInfo;
import java.lang.classfile.attribute.RecordComponentInfo;
import java.lang.constant.ClassDesc;
import java.lang.reflect.AccessFlag;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Describes what a folder of classes offers to others, in lines that read well in a review.
 *
 * <p>Seen are public types and, in them, public members, and protected ones where a subclass is
 * possible: modifiers, generics, thrown types, record components, permitted subtypes, enum
 * constants in their order, values of constants, annotations kept at run time and where nullness
 * stands. Parameter names are no part of it, nor is anything in a package named {@code internal}.
 */
final class PublicSurface {
    private final Map<String, ClassModel> classes = new TreeMap<>();

    private PublicSurface() {}

    /** Describes all classes below {@code folder}, sorted by name. */
    static List<String> of(Path folder) {
        PublicSurface surface = new PublicSurface();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(f -> f.toString().endsWith(".class")).toList()) {
                ClassModel model = ClassFile.of().parse(file);
                surface.classes.put(model.thisClass().asInternalName(), model);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        List<String> lines = new ArrayList<>();
        for (ClassModel model : surface.classes.values()) {
            surface.describe(model, lines);
        }
        return lines;
    }

    private void describe(ClassModel model, List<String> lines) {
        String name = model.thisClass().asInternalName();
        if (("/" + name).contains("/internal/")) {
            return;
        }
        if (name.endsWith("/package-info")) {
            String named = name.substring(0, name.lastIndexOf('/')).replace('/', '.');
            lines.add(annotations(model) + "package " + named);
            lines.add("");
        } else if (visible(model)) {
            type(model, lines);
            lines.add("");
        }
    }

    private boolean visible(ClassModel model) {
        InnerClassInfo nested = nested(model);
        if (nested == null) {
            return model.flags().has(AccessFlag.PUBLIC);
        }
        ClassModel outer =
                nested.outerClass().map(o -> classes.get(o.asInternalName())).orElse(null);
        return outer != null // local and anonymous classes have none
                && visible(outer)
                && (nested.has(AccessFlag.PUBLIC)
                        || nested.has(AccessFlag.PROTECTED)
                                && !outer.flags().has(AccessFlag.FINAL));
    }

    private static InnerClassInfo nested(ClassModel model) {
        return model.findAttribute(Attributes.innerClasses()).stream()
                .flatMap(a -> a.classes().stream())
                .filter(i -> i.innerClass().asSymbol().equals(model.thisClass().asSymbol()))
                .findFirst()
                .orElse(null);
    }

    private void type(ClassModel model, List<String> lines) {
        InnerClassInfo nested = nested(model);
        Set<AccessFlag> flags = nested == null ? model.flags().flags() : nested.flags();
        boolean isInterface = flags.contains(AccessFlag.INTERFACE);
        boolean isEnum = flags.contains(AccessFlag.ENUM);
        boolean isRecord = model.findAttribute(Attributes.record()).isPresent();
        String kind =
                flags.contains(AccessFlag.ANNOTATION)
                        ? "@interface"
                        : isInterface
                                ? "interface"
                                : isEnum ? "enum" : isRecord ? "record" : "class";

        TypeText types = new TypeText(typeAnnotations(model));
        ClassSignature signature =
                model.findAttribute(Attributes.signature())
                        .map(a -> a.asClassSignature())
                        .orElseGet(() -> rawSignature(model));
        StringBuilder text = new StringBuilder(annotations(model));
        text.append(access(flags));
        if (nested != null && flags.contains(AccessFlag.STATIC)) {
            text.append("static ");
        }
        if (flags.contains(AccessFlag.ABSTRACT) && !isInterface && !isEnum) {
            text.append("abstract ");
        }
        if (flags.contains(AccessFlag.FINAL) && !isEnum && !isRecord) {
            text.append("final ");
        }
        var permitted = model.findAttribute(Attributes.permittedSubclasses());
        if (permitted.isPresent() && !isEnum) {
            text.append("sealed ");
        }
        text.append(kind).append(' ').append(TypeText.name(model.thisClass().asSymbol()));
        text.append(types.typeParameters(signature.typeParameters(), "class-parameter"));
        if (isRecord) {
            text.append(
                    model.findAttribute(Attributes.record()).orElseThrow().components().stream()
                            .map(PublicSurface::component)
                            .collect(Collectors.joining(", ", "(", ")")));
        }
        lines.add(text.toString());

        String superclass = types.type(signature.superclassSignature(), "supertype -1");
        if (kind.equals("class") && !superclass.equals("java.lang.Object")) {
            lines.add("    extends " + superclass);
        }
        for (int i = 0; i < signature.superinterfaceSignatures().size(); i++) {
            Signature.ClassTypeSig implemented = signature.superinterfaceSignatures().get(i);
            lines.add("    implements " + types.type(implemented, "supertype " + i));
        }
        if (!isEnum) {
            permitted.ifPresent(p ->
                    p.permittedSubclasses().stream()
                            .map(c -> "    permits " + TypeText.name(c.asSymbol()))
                            .sorted()
                            .forEach(lines::add));
        }
        unplaced(types, lines);
        members(model, flags, lines);
    }

    private static void members(ClassModel model, Set<AccessFlag> owner, List<String> lines) {
        // The order of enum constants is theirs: compareTo, switch tables and EnumSet show it.
        model.fields().stream()
                .filter(f -> f.flags().has(AccessFlag.ENUM))
                .forEach(f ->
                        lines.add("    constant " + annotations(f) + f.fieldName().stringValue()));
        List<List<String>> members = new ArrayList<>();
        for (FieldModel field : model.fields()) {
            Set<AccessFlag> flags = field.flags().flags();
            if (offered(flags, owner) && !flags.contains(AccessFlag.ENUM)) {
                members.add(field(field));
            }
        }
        for (MethodModel method : model.methods()) {
            if (offered(method.flags().flags(), owner)) {
                members.add(method(model, owner, method));
            }
        }
        members.sort(Comparator.comparing(List::getFirst));
        members.forEach(lines::addAll);
    }

    private static boolean offered(Set<AccessFlag> flags, Set<AccessFlag> owner) {
        return !flags.contains(AccessFlag.SYNTHETIC)
                && (flags.contains(AccessFlag.PUBLIC)
                        || flags.contains(AccessFlag.PROTECTED)
                                && !owner.contains(AccessFlag.FINAL));
    }

    private static List<String> field(FieldModel field) {
        List<String> lines = new ArrayList<>();
        TypeText types = new TypeText(typeAnnotations(field));
        Signature signature =
                field.findAttribute(Attributes.signature())
                        .map(a -> a.asTypeSignature())
                        .orElseGet(() -> Signature.of(field.fieldTypeSymbol()));
        Set<AccessFlag> flags = field.flags().flags();
        String value =
                field.findAttribute(Attributes.constantValue())
                        .map(v -> " = " + literal(v.constant().constantValue()))
                        .orElse("");
        lines.add(
                "    field "
                        + annotations(field)
                        + access(flags)
                        + (flags.contains(AccessFlag.STATIC) ? "static " : "")
                        + (flags.contains(AccessFlag.FINAL) ? "final " : "")
                        + (flags.contains(AccessFlag.VOLATILE) ? "volatile " : "")
                        + types.type(signature, "type")
                        + " "
                        + field.fieldName().stringValue()
                        + value);
        unplaced(types, lines);
        return lines;
    }

    private static List<String> method(
            ClassModel model, Set<AccessFlag> owner, MethodModel method) {
        List<String> lines = new ArrayList<>();
        TypeText types = new TypeText(typeAnnotations(method));
        MethodSignature signature =
                method.findAttribute(Attributes.signature())
                        .map(a -> a.asMethodSignature())
                        .orElseGet(() -> MethodSignature.of(method.methodTypeSymbol()));
        Set<AccessFlag> flags = method.flags().flags();
        String name = method.methodName().stringValue();
        boolean constructor = name.equals("<init>");
        boolean isStatic = flags.contains(AccessFlag.STATIC);
        boolean isAbstract = flags.contains(AccessFlag.ABSTRACT);
        boolean ofInterface = owner.contains(AccessFlag.INTERFACE);

        StringBuilder text = new StringBuilder(constructor ? "    constructor " : "    method ");
        text.append(annotations(method)).append(access(flags));
        text.append(isStatic ? "static " : "");
        text.append(isAbstract && !ofInterface ? "abstract " : "");
        text.append(ofInterface && !isAbstract && !isStatic ? "default " : "");
        text.append(flags.contains(AccessFlag.FINAL) ? "final " : "");
        String parameters = types.typeParameters(signature.typeParameters(), "method-parameter");
        text.append(parameters.isEmpty() ? "" : parameters + " ");
        if (constructor) {
            text.append(model.thisClass().asSymbol().displayName());
        } else {
            text.append(types.type(signature.result(), "type")).append(' ').append(name);
        }
        List<String> arguments = new ArrayList<>();
        for (int i = 0; i < signature.arguments().size(); i++) {
            arguments.add(types.type(signature.arguments().get(i), "parameter " + i));
        }
        if (flags.contains(AccessFlag.VARARGS)) {
            String last = arguments.removeLast();
            arguments.add(last.substring(0, last.length() - 2) + "...");
        }
        text.append('(').append(String.join(", ", arguments)).append(')');
        List<String> thrown = thrown(method, signature, types);
        text.append(thrown.isEmpty() ? "" : " throws " + String.join(", ", thrown));
        method.findAttribute(Attributes.annotationDefault())
                .ifPresent(d -> text.append(" default ").append(TypeText.value(d.defaultValue())));
        lines.add(text.toString());
        unplaced(types, lines);
        return lines;
    }

    private static List<String> thrown(
            MethodModel method, MethodSignature signature, TypeText types) {
        List<Signature> signatures = new ArrayList<>(signature.throwableSignatures());
        if (signatures.isEmpty()) { // a signature without type variables leaves them out
            method.findAttribute(Attributes.exceptions())
                    .ifPresent(e ->
                            e.exceptions()
                                    .forEach(c -> signatures.add(Signature.of(c.asSymbol()))));
        }
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < signatures.size(); i++) {
            texts.add(types.type(signatures.get(i), "throws " + i));
        }
        return texts;
    }

    private static String component(RecordComponentInfo component) {
        TypeText types = new TypeText(typeAnnotations(component));
        Signature signature =
                component
                        .findAttribute(Attributes.signature())
                        .map(a -> a.asTypeSignature())
                        .orElseGet(() -> Signature.of(component.descriptorSymbol()));
        return types.type(signature, "type") + " " + component.name().stringValue();
    }

    private static ClassSignature rawSignature(ClassModel model) {
        ClassDesc object = ClassDesc.of("java.lang.Object");
        return ClassSignature.of(
                Signature.ClassTypeSig.of(model.superclass().map(s -> s.asSymbol()).orElse(object)),
                model.interfaces().stream()
                        .map(i -> Signature.ClassTypeSig.of(i.asSymbol()))
                        .toArray(Signature.ClassTypeSig[]::new));
    }

    private static List<TypeAnnotation> typeAnnotations(AttributedElement element) {
        return element.findAttribute(Attributes.runtimeVisibleTypeAnnotations())
                .map(a -> a.annotations())
                .orElse(List.of());
    }

    private static String annotations(AttributedElement element) {
        return element.findAttribute(Attributes.runtimeVisibleAnnotations()).stream()
                .flatMap(a -> a.annotations().stream())
                .map(a -> TypeText.annotation(a) + " ")
                .sorted()
                .collect(Collectors.joining());
    }

    private static void unplaced(TypeText types, List<String> lines) {
        types.unplaced().forEach(u -> lines.add("        with " + u));
    }

    private static String access(Set<AccessFlag> flags) {
        return flags.contains(AccessFlag.PUBLIC) ? "public " : "protected ";
    }

    /** A constant as in source, on one line. */
    static String literal(Object value) {
        return switch (value) {
            case String s -> "\"" + escaped(s) + "\"";
            case Character c -> "'" + escaped(String.valueOf(c)) + "'";
            case Long l -> l + "L";
            case Float f -> f + "f";
            default -> String.valueOf(value);
        };
    }

    private static String escaped(String text) {
        StringBuilder escaped = new StringBuilder();
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\') {
                escaped.append('\\').append(c);
            } else if (c < ' ' || c > '~') {
                escaped.append(String.format("\\u%04x", (int) c));
            } else {
                escaped.append(c);
            }
        }
        return escaped.toString();
    }
}
