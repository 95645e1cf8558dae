package org.opensva.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.List;

/** Who may know whom, between the modules and between the rooms of one. */
class ModuleArrowsTest {

    /**
     * A rule over classes that were not found would hold for nothing: every other test needs this.
     */
    @ParameterizedTest
    @EnumSource(Module.class)
    void theClassesOfAModuleAreSeen(Module module) {
        long seen = module.types().count();
        assertTrue(
                seen >= module.classesAtLeast,
                () -> "only " + seen + " of at least " + module.classesAtLeast + " classes");
    }

    @Test
    void everyClassBelongsToAModule() {
        List<String> strays =
                Module.ALL.stream()
                        .map(JavaClass::getPackageName)
                        .filter(p -> List.of(Module.values()).stream().noneMatch(m -> within(m, p)))
                        .distinct()
                        .toList();
        assertTrue(strays.isEmpty(), () -> "packages of no module: " + strays);
    }

    @ParameterizedTest
    @EnumSource(Module.class)
    void aModuleKnowsOnlyWhatTheArchitectureAllows(Module module) {
        classes()
                .that()
                .resideInAPackage(module.packages())
                .and()
                .resideOutsideOfPackages(module.tools())
                .and()
                .resideOutsideOfPackages(module.programs())
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(module.mayKnow())
                .allowEmptyShould(Module.isEmpty(module.root))
                .check(Module.ALL);
    }

    /** Commands about one IOMMU know its hardware; its driver, and any backend, they do not. */
    @Test
    void theToolsForOneIommuKnowItsHardware() {
        classes()
                .that()
                .resideInAnyPackage(Module.CONFORMANCE.tools())
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(Module.CONFORMANCE.toolsMayKnow())
                .check(Module.ALL);
    }

    /** Programs know the client library, and neither devices nor engines. */
    @Test
    void programsKnowTheClientLibrary() {
        classes()
                .that()
                .resideInAnyPackage(Module.CONFORMANCE.programs())
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(Module.CONFORMANCE.programsMayKnow())
                .check(Module.ALL);
    }

    /** A program that uses the library can take it to any backend. */
    @Test
    void theClientLibraryKnowsNoDevice() {
        noClasses()
                .that()
                .resideInAPackage("org.opensva.uacce.client..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "org.opensva.uacce",
                        "org.opensva.uacce.library..",
                        "org.opensva.uacce.cdev..",
                        "org.opensva.uacce.queue..",
                        "org.opensva.uacce.engine..")
                .check(Module.ALL);
    }

    @ParameterizedTest
    @EnumSource(
            value = Module.class,
            names = {"SMMUV3", "VTD"})
    void layoutsKnowNeitherTheModelNorTheDriver(Module iommu) {
        noClasses()
                .that()
                .resideInAPackage(iommu.root + ".layout..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(iommu.root + ".model..", iommu.root + ".driver..")
                .allowEmptyShould(Module.isEmpty(iommu.root + ".layout"))
                .check(Module.ALL);
    }

    @ParameterizedTest
    @EnumSource(
            value = Module.class,
            names = {"SMMUV3", "VTD"})
    void theHardwareKnowsNoDriver(Module iommu) {
        noClasses()
                .that()
                .resideInAPackage(iommu.root + ".model..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage(iommu.root + ".driver..")
                .allowEmptyShould(Module.isEmpty(iommu.root + ".model"))
                .check(Module.ALL);
    }

    /** A driver that reached into the model could not drive any other implementation. */
    @ParameterizedTest
    @EnumSource(
            value = Module.class,
            names = {"SMMUV3", "VTD"})
    void theDriverReachesTheHardwareThroughRegistersAndMemoryOnly(Module iommu) {
        noClasses()
                .that()
                .resideInAPackage(iommu.root + ".driver..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage(iommu.root + ".model..")
                .allowEmptyShould(Module.isEmpty(iommu.root + ".driver"))
                .check(Module.ALL);
    }

    @ParameterizedTest
    @ValueSource(strings = {"org.opensva.emulated..", "org.opensva.linux.."})
    void nothingImportsABackend(String backend) {
        noClasses()
                .that()
                .resideOutsideOfPackage(backend)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(backend)
                .check(Module.ALL);
    }

    @Test
    void packagesFormNoCycle() {
        SlicesRuleDefinition.slices()
                .assignedFrom(
                        new SliceAssignment() {
                            @Override
                            public SliceIdentifier getIdentifierOf(JavaClass type) {
                                return SliceIdentifier.of(type.getPackageName());
                            }

                            @Override
                            public String getDescription() {
                                return "packages";
                            }
                        })
                .should()
                .beFreeOfCycles()
                .check(Module.ALL);
    }

    @ParameterizedTest
    @EnumSource(Module.class)
    void internalPackagesStayInside(Module module) {
        noClasses()
                .that()
                .resideOutsideOfPackage(module.packages())
                .should()
                .dependOnClassesThat()
                .resideInAPackage(module.root + "..internal..")
                .check(Module.ALL);
    }

    private static boolean within(Module module, String packageName) {
        return (packageName + ".").startsWith(module.root + ".");
    }
}
