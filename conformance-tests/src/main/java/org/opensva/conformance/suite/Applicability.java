package org.opensva.conformance.suite;

import org.opensva.api.backend.BackendDescriptor;
import org.opensva.api.backend.Capability;
import org.opensva.conformance.rules.Observability;
import org.opensva.conformance.rules.Rule;
import org.opensva.conformance.rules.RuleBook;
import org.opensva.conformance.rules.RuleId;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Decides from a backend's claims which rules apply to it and which tests can run. */
final class Applicability {

    /** Why a rule has its verdict without any test, or a test does not run. */
    record Finding(Verdict verdict, String reason) {}

    private final RuleBook book;
    private final BackendDescriptor backend;

    Applicability(RuleBook book, BackendDescriptor backend) {
        this.book = book;
        this.backend = backend;
    }

    /** The verdict that a rule has whatever the tests say, or empty if it is for them to say. */
    Optional<Finding> withoutTest(Rule rule) {
        if (!rule.needs().holds(backend.capabilities())) {
            return Optional.of(
                    new Finding(
                            Verdict.NOT_APPLICABLE,
                            "the backend does not meet: "
                                    + String.join(
                                            ", ", rule.needs().unmet(backend.capabilities()))));
        }
        if (rule.observe() == Observability.UNTESTABLE) {
            return Optional.of(new Finding(Verdict.NOT_OBSERVABLE, rule.reason()));
        }
        if (rule.observe() == Observability.WHITE_BOX
                && !backend.claims(Capability.INTROSPECTION)) {
            return Optional.of(
                    new Finding(
                            Verdict.NOT_OBSERVABLE,
                            "only hardware events show it, and the backend offers no"
                                    + " introspection"));
        }
        return Optional.empty();
    }

    /** Why a test does not run, or empty if it does. */
    Optional<String> skip(Method test) {
        List<Rule> rules = rules(test);
        List<String> reasons = new ArrayList<>();
        for (Rule rule : rules) {
            Optional<Finding> finding = withoutTest(rule);
            if (finding.isPresent()) {
                reasons.add(
                        rule.id()
                                + " "
                                + finding.get().verdict().id()
                                + ": "
                                + finding.get().reason());
            }
        }
        if (reasons.size() == rules.size()) {
            return Optional.of(String.join("; ", reasons));
        }
        Needs needs = test.getAnnotation(Needs.class);
        if (needs != null) {
            List<String> missing =
                    Arrays.stream(needs.value())
                            .filter(capability -> !backend.claims(capability))
                            .map(Capability::id)
                            .toList();
            if (!missing.isEmpty()) {
                return Optional.of("the scenario of this test needs " + String.join(", ", missing));
            }
        }
        return Optional.empty();
    }

    /** The rules that a test covers. */
    List<Rule> rules(Method test) {
        return covered(test).stream().map(book::rule).toList();
    }

    /** The rules that a test covers. */
    static List<RuleId> covered(Method test) {
        Covers covers = test.getAnnotation(Covers.class);
        if (covers == null || covers.value().length == 0) {
            throw new SuiteFault(
                    "test " + name(test) + " names no rule; every test of the suite has @Covers");
        }
        return List.of(covers.value());
    }

    /** The name of a test in results. */
    static String name(Method test) {
        return test.getDeclaringClass().getSimpleName() + "." + test.getName();
    }

    /** The name of a test as a sentence. */
    static String sentence(Method test) {
        String words =
                test.getName()
                        .replaceAll("(?<=[a-z0-9])(?=[A-Z])", " ")
                        .replaceAll("(?<=[A-Z])(?=[A-Z][a-z])", " ");
        StringBuilder text = new StringBuilder(words.length());
        for (String word : words.split(" ", -1)) {
            boolean acronym =
                    word.length() > 1 && word.equals(word.toUpperCase(java.util.Locale.ROOT));
            text.append(text.isEmpty() ? "" : " ")
                    .append(acronym ? word : word.toLowerCase(java.util.Locale.ROOT));
        }
        return text.toString();
    }
}
