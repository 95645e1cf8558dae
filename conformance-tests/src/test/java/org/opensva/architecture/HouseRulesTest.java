package org.opensva.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.library.GeneralCodingRules;

import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** What holds in every module alike. */
class HouseRulesTest {
    private static final DescribedPredicate<JavaField> WRITTEN_BY_HAND =
            DescribedPredicate.describe(
                    "written by hand", f -> !f.getModifiers().contains(JavaModifier.SYNTHETIC));

    @Test
    void everyPackageIsNullMarked() {
        Set<String> unmarked = new TreeSet<>();
        for (JavaClass type : Module.ALL) {
            JavaPackage home = type.getPackage();
            if (!home.isAnnotatedWith(NullMarked.class)) {
                unmarked.add(home.getName());
            }
        }
        assertEquals(Set.of(), unmarked);
    }

    @Test
    void jsonStaysInReportsProfilesAndTheCommandLine() {
        noClasses()
                .that()
                .resideOutsideOfPackages(
                        "org.opensva.conformance..", "org.opensva.emulated.profile..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("tools.jackson..", "com.fasterxml..")
                .check(Module.ALL);
    }

    @Test
    void guavaComesWithGuiceAndIsNotOurs() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAPackage("com.google.common..")
                .check(Module.ALL);
    }

    /** Without bytecode generation an interceptor cannot be bound; with it, it may do nothing. */
    @Test
    void nothingIsIntercepted() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.aopalliance..", "com.google.inject.matcher..")
                .check(Module.ALL);
    }

    /** A benchmark does so too: the bare call is what the native backend is measured against. */
    @Test
    void onlyTheNativeBackendCallsTheOperatingSystem() {
        noClasses()
                .that()
                .resideOutsideOfPackage("org.opensva.linux..")
                .and()
                .haveNameNotMatching(".*\\.HostAccessBenchmark(\\$Host)?")
                .should()
                .dependOnClassesThat()
                .haveNameMatching(
                        "java\\.lang\\.foreign\\.(Linker|SymbolLookup|FunctionDescriptor)")
                .check(Module.ALL);
    }

    @Test
    void unsafeMemoryAccessIsNotUsed() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("sun..", "jdk.internal..")
                .check(Module.ALL);
    }

    @Test
    void onlyTheCommandLineWritesToStandardStreams() {
        noClasses()
                .that()
                .resideOutsideOfPackage("org.opensva.conformance.cli..")
                .should(GeneralCodingRules.ACCESS_STANDARD_STREAMS)
                .check(Module.ALL);
    }

    @Test
    void onlyTheCommandLineEndsTheJvm() {
        noClasses()
                .that()
                .resideOutsideOfPackage("org.opensva.conformance.cli..")
                .should()
                .callMethod(System.class, "exit", int.class)
                .orShould()
                .callMethod(Runtime.class, "exit", int.class)
                .orShould()
                .callMethod(Runtime.class, "halt", int.class)
                .check(Module.ALL);
    }

    @Test
    void noLoggingFrameworkIsChosenForTheHost() {
        // System.Logger is the JDK's own facade: what is said there goes wherever the host's log
        // goes. The command line is a host: it hears there what its OpenTelemetry SDK complains of.
        noClasses()
                .that()
                .resideOutsideOfPackage("org.opensva.conformance.cli.telemetry")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("java.util.logging..", "org.slf4j..")
                .check(Module.ALL);
    }

    @Test
    void theSuiteProvesNothingBySleeping() {
        noClasses()
                .that()
                .resideInAPackage("org.opensva.conformance..")
                .should()
                .callMethod(Thread.class, "sleep", long.class)
                .orShould()
                .callMethod(Thread.class, "sleep", long.class, int.class)
                .orShould()
                .callMethod(Thread.class, "sleep", java.time.Duration.class)
                .check(Module.ALL);
    }

    @Test
    void everyClassHasASubjectInItsName() {
        noClasses()
                .should()
                .haveNameMatching("(?i).*(util|utils|helper|helpers)(\\$.*)?")
                .orShould()
                .resideInAnyPackage(
                        "..util..", "..utils..", "..helper..", "..helpers..", "..misc..")
                .check(Module.ALL);
    }

    @Test
    void staticFieldsAreFinal() {
        fields().that().areStatic().and(WRITTEN_BY_HAND).should().beFinal().check(Module.ALL);
    }

    /** A list or map behind its interface may be immutable; these types cannot be. */
    @Test
    void staticFieldsHoldNothingThatChanges() {
        fields().that()
                .areStatic()
                .and(WRITTEN_BY_HAND)
                .should()
                .notHaveRawType(
                        DescribedPredicate.describe(
                                "a type that can change", HouseRulesTest::isMutableHolder))
                .check(Module.ALL);
    }

    /** Inside its class an array can be a lookup table; outside, anyone could write to it. */
    @Test
    void staticArraysArePrivate() {
        fields().that()
                .areStatic()
                .and(WRITTEN_BY_HAND)
                .and()
                .haveRawType(DescribedPredicate.describe("array", JavaClass::isArray))
                .should()
                .bePrivate()
                .allowEmptyShould(true)
                .check(Module.ALL);
    }

    private static boolean isMutableHolder(JavaClass type) {
        // An updater changes fields of others and has no state of its own.
        return type.getPackageName().startsWith("java.util.concurrent.atomic")
                        && !type.getSimpleName().endsWith("FieldUpdater")
                || type.isAssignableTo(ThreadLocal.class)
                || type.isAssignableTo(java.util.concurrent.ConcurrentMap.class)
                || type.isAssignableTo(StringBuilder.class)
                || type.isAssignableTo(java.util.BitSet.class)
                || List.of(Collection.class, Map.class).stream().anyMatch(type::isAssignableTo)
                        && !type.isInterface()
                        && !type.getPackageName().startsWith("org.opensva");
    }
}
