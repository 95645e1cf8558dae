package org.opensva.api.signature;

import java.lang.classfile.Annotation;
import java.lang.classfile.AnnotationElement;
import java.lang.classfile.AnnotationValue;
import java.lang.classfile.Signature;
import java.lang.classfile.TypeAnnotation;
import java.lang.classfile.TypeAnnotation.TypePathComponent;
import java.lang.constant.ClassDesc;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Writes the types of one declaration as in source, each with the type annotations at its place.
 *
 * <p>A class file keeps types and their annotations apart; an annotation names its place by a
 * target and a path (JVMS 4.7.20). One instance serves one declaration and notes which annotations
 * it has written, so that none is lost unseen: see {@link #unplaced()}.
 */
final class TypeText {
    private final Map<String, List<String>> annotations = new LinkedHashMap<>();

    TypeText(List<TypeAnnotation> typeAnnotations) {
        for (TypeAnnotation annotation : typeAnnotations) {
            String place = target(annotation.targetInfo()) + path(annotation.targetPath());
            annotations
                    .computeIfAbsent(place, k -> new ArrayList<>())
                    .add(annotation(annotation.annotation()));
        }
    }

    /** Annotations at places that no written type has; empty once everything has been written. */
    List<String> unplaced() {
        return annotations.entrySet().stream()
                .map(e -> e.getKey() + " " + String.join(" ", e.getValue()))
                .toList();
    }

    String type(Signature signature, String place) {
        return switch (signature) {
            case Signature.BaseTypeSig base ->
                    at(place) + name(ClassDesc.ofDescriptor("" + base.baseType()));
            case Signature.TypeVarSig variable -> at(place) + variable.identifier();
            case Signature.ArrayTypeSig array -> {
                String brackets = at(place);
                yield type(array.componentSignature(), place + "[")
                        + (brackets.isEmpty() ? "[]" : " " + brackets + "[]");
            }
            case Signature.ClassTypeSig named -> classType(named, place);
        };
    }

    private String classType(Signature.ClassTypeSig named, String place) {
        StringBuilder text = new StringBuilder();
        if (named.outerType().isPresent()) {
            text.append(type(named.outerType().get(), place)).append('.');
            String inner = place + ".";
            text.append(at(inner)).append(named.className());
            return text.append(arguments(named.typeArgs(), inner)).toString();
        }
        // The annotation stands before the simple name, as it does in source.
        String full = named.className().replace('/', '.');
        int simple = full.lastIndexOf('.') + 1;
        text.append(full, 0, simple).append(at(place)).append(full.substring(simple));
        return text.append(arguments(named.typeArgs(), place)).toString();
    }

    private String arguments(List<Signature.TypeArg> arguments, String place) {
        if (arguments.isEmpty()) {
            return "";
        }
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < arguments.size(); i++) {
            String at = place + "<" + i;
            texts.add(
                    switch (arguments.get(i)) {
                        case Signature.TypeArg.Unbounded _ -> at(at) + "?";
                        case Signature.TypeArg.Bounded bounded ->
                                switch (bounded.wildcardIndicator()) {
                                    case NONE -> type(bounded.boundType(), at);
                                    case EXTENDS ->
                                            at(at)
                                                    + "? extends "
                                                    + type(bounded.boundType(), at + "*");
                                    case SUPER ->
                                            at(at)
                                                    + "? super "
                                                    + type(bounded.boundType(), at + "*");
                                };
                    });
        }
        return "<" + String.join(", ", texts) + ">";
    }

    /** Type parameters with their bounds, or nothing. The prefix tells a type's from a method's. */
    String typeParameters(List<Signature.TypeParam> parameters, String prefix) {
        if (parameters.isEmpty()) {
            return "";
        }
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < parameters.size(); i++) {
            Signature.TypeParam parameter = parameters.get(i);
            List<String> bounds = new ArrayList<>();
            // Bound 0 is the class bound, present or not; interface bounds follow it (JVMS
            // 4.7.20.1).
            int index = parameter.classBound().isPresent() ? 0 : 1;
            List<Signature.RefTypeSig> signatures = new ArrayList<>();
            parameter.classBound().ifPresent(signatures::add);
            signatures.addAll(parameter.interfaceBounds());
            for (Signature.RefTypeSig bound : signatures) {
                String text = type(bound, prefix + "-bound " + i + " " + index++);
                if (!text.equals("java.lang.Object")) {
                    bounds.add(text);
                }
            }
            texts.add(
                    at(prefix + " " + i)
                            + parameter.identifier()
                            + (bounds.isEmpty() ? "" : " extends " + String.join(" & ", bounds)));
        }
        return "<" + String.join(", ", texts) + ">";
    }

    private String at(String place) {
        List<String> found = annotations.remove(place);
        return found == null ? "" : String.join(" ", found) + " ";
    }

    private static String target(TypeAnnotation.TargetInfo target) {
        return switch (target) {
            case TypeAnnotation.SupertypeTarget t -> "supertype " + (short) t.supertypeIndex();
            case TypeAnnotation.TypeParameterTarget t ->
                    prefix(t.targetType()) + " " + t.typeParameterIndex();
            case TypeAnnotation.TypeParameterBoundTarget t ->
                    prefix(t.targetType())
                            + "-bound "
                            + t.typeParameterIndex()
                            + " "
                            + t.boundIndex();
            case TypeAnnotation.FormalParameterTarget t -> "parameter " + t.formalParameterIndex();
            case TypeAnnotation.ThrowsTarget t -> "throws " + t.throwsTargetIndex();
            case TypeAnnotation.EmptyTarget t ->
                    t.targetType() == TypeAnnotation.TargetType.METHOD_RECEIVER
                            ? "receiver"
                            : "type";
            default -> String.valueOf(target.targetType());
        };
    }

    private static String prefix(TypeAnnotation.TargetType type) {
        return switch (type) {
            case CLASS_TYPE_PARAMETER, CLASS_TYPE_PARAMETER_BOUND -> "class-parameter";
            default -> "method-parameter";
        };
    }

    private static String path(List<TypePathComponent> path) {
        StringBuilder text = new StringBuilder();
        for (TypePathComponent component : path) {
            switch (component.typePathKind()) {
                case ARRAY -> text.append('[');
                case INNER_TYPE -> text.append('.');
                case WILDCARD -> text.append('*');
                case TYPE_ARGUMENT -> text.append('<').append(component.typeArgumentIndex());
            }
        }
        return text.toString();
    }

    static String annotation(Annotation annotation) {
        String name = annotation.classSymbol().displayName();
        String elements =
                annotation.elements().stream()
                        .map(TypeText::element)
                        .sorted()
                        .collect(Collectors.joining(", "));
        return "@" + name + (elements.isEmpty() ? "" : "(" + elements + ")");
    }

    private static String element(AnnotationElement element) {
        return element.name().stringValue() + "=" + value(element.value());
    }

    static String value(AnnotationValue value) {
        return switch (value) {
            case AnnotationValue.OfConstant constant ->
                    PublicSurface.literal(constant.resolvedValue());
            case AnnotationValue.OfEnum constant ->
                    constant.classSymbol().displayName()
                            + "."
                            + constant.constantName().stringValue();
            case AnnotationValue.OfClass named -> name(named.classSymbol()) + ".class";
            case AnnotationValue.OfArray array ->
                    array.values().stream()
                            .map(TypeText::value)
                            .collect(Collectors.joining(", ", "{", "}"));
            case AnnotationValue.OfAnnotation nested -> annotation(nested.annotation());
        };
    }

    static String name(ClassDesc type) {
        if (type.isArray()) {
            return name(type.componentType()) + "[]";
        }
        return type.isPrimitive() || type.packageName().isEmpty()
                ? type.displayName()
                : type.packageName() + "." + type.displayName();
    }
}
