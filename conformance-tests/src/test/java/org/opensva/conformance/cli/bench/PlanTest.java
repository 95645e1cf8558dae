package org.opensva.conformance.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.google.inject.Module;

import org.junit.jupiter.api.Test;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.api.backend.BackendProvider;
import org.opensva.api.backend.BackendRequest;
import org.opensva.api.backend.BackendVariant;
import org.opensva.conformance.measure.MeasuredBackend;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

class PlanTest {

    private static final List<String> PAGES = List.of("1", "1000", "100000");

    private static SortedMap<String, Plan.Known> known() {
        SortedMap<String, Plan.Known> known = new TreeMap<>();
        add(known, "TranslationBenchmark.iotlbHit", 1, Map.of("pages", PAGES));
        add(known, "TranslationBenchmark.iotlbHitByTwo", 1, Map.of("pages", PAGES));
        add(known, "TranslationBenchmark.walk", 1, Map.of("pages", List.of("100000", "1000000")));
        add(known, "hardware.HardwareBenchmark.invalidatePage", 2, Map.of("resident", PAGES));
        add(known, "ScaleBenchmark.lifeOfAProcess", 1, Map.of("processes", List.of("1000")));
        add(known, "LimitBenchmark.arrayLookup", 1, Map.of("pages", PAGES));
        add(known, "LimitBenchmark.guardedLoadOfPage", 1, Map.of("pages", PAGES));
        add(known, "LimitBenchmark.fourDependentLoads", 1, Map.of("pages", PAGES));
        return known;
    }

    private static void add(
            SortedMap<String, Plan.Known> known,
            String name,
            int modes,
            Map<String, List<String>> declared) {
        known.put(Selection.PACKAGE + name, new Plan.Known(modes, new TreeMap<>(declared)));
    }

    private static Plan plan(boolean quick, Map<String, List<String>> values, String... globs) {
        return new Plan(new Selection(List.of(globs), quick, values), known());
    }

    /** What is measured, each with the values of its one parameter. */
    private static Map<String, Set<String>> measured(Plan plan) {
        Map<String, Set<String>> measured = new TreeMap<>();
        for (Plan.Pass pass : plan.passes()) {
            for (String benchmark : pass.benchmarks()) {
                Set<String> values = new TreeSet<>();
                pass.values().values().forEach(values::addAll);
                measured.put(Plan.simple(benchmark), values);
            }
        }
        return measured;
    }

    @Test
    void aGlobIsNoRegularExpression() {
        assertTrue(matches("atc*t", Selection.PACKAGE + "X.atcHit"));
        assertFalse(matches("atc*t", Selection.PACKAGE + "X.atcHits"));
        assertFalse(matches("atc*t", "org.elsewhere.X.atcHit"));
        assertFalse(matches("(", Selection.PACKAGE + "X.atcHit"));
    }

    private static boolean matches(String glob, String benchmark) {
        return Selection.pattern(glob).matcher(benchmark).matches();
    }

    @Test
    void withoutAFilterEverythingIsMeasuredWithAllItDeclares() {
        Plan plan = plan(false, Map.of());
        assertEquals(known().keySet(), plan.chosen().keySet());
        assertEquals(Set.copyOf(PAGES), measured(plan).get("iotlbHit"));
        // Those that walk a million pages have a limit of a million pages.
        assertEquals(
                Set.of("1", "1000", "100000", "1000000"), measured(plan).get("fourDependentLoads"));
        assertEquals(3 + 3 + 2 + 2 * 3 + 1 + 3 + 4 + 4, plan.points(), plan.passes()::toString);
    }

    @Test
    void limitsAreMeasuredWithTheWorkingSetsOfTheFiguresThatTheyStandBeside() {
        Plan plan = plan(false, Map.of("resident", List.of("500", "7000")), "invalidatePage");
        assertEquals(
                Map.of(
                        "invalidatePage",
                        Set.of("500", "7000"),
                        "arrayLookup",
                        Set.of("500", "7000")),
                measured(plan));
        assertEquals(Set.of("invalidatePage"), names(plan));
    }

    private static Set<String> names(Plan plan) {
        Set<String> names = new TreeSet<>();
        plan.chosen().keySet().forEach(name -> names.add(Plan.simple(name)));
        return names;
    }

    @Test
    void whatATargetComparesWithIsMeasuredToo() {
        Plan plan = plan(false, Map.of("pages", List.of("1000")), "iotlbHitByTwo");
        assertEquals(Set.of("1000"), measured(plan).get("iotlbHit"));
        assertEquals(Set.of("1000"), measured(plan).get("guardedLoadOfPage"));
        assertFalse(measured(plan).containsKey("walk"));
    }

    @Test
    void aLimitOfRealProcessesIsMeasuredForThoseAlone() {
        assertFalse(jobs("emulated:vtd").contains("socketRoundTrip"));
        assertTrue(jobs("emulated:vtd", "native:host").contains("socketRoundTrip"));
    }

    private static Set<String> jobs(String... backends) {
        SortedMap<String, Plan.Known> known = new TreeMap<>();
        add(known, "JobBenchmark.emptyJob", 1, Map.of("backend", List.of(backends)));
        add(known, "LimitBenchmark.handOver", 1, Map.of());
        add(known, "WorkBenchmark.socketRoundTrip", 1, Map.of());
        return measured(new Plan(new Selection(List.of("emptyJob"), false, Map.of()), known))
                .keySet();
    }

    @Test
    void anotherBenchmarkOfTheSameNameIsNoLimit() {
        SortedMap<String, Plan.Known> known = new TreeMap<>();
        List<String> bound = List.of("atc", "nothing");
        add(
                known,
                "MappingBenchmark.mapTouchUnmap",
                1,
                Map.of("resident", PAGES, "bound", bound, "iommu", List.of("vtd")));
        add(
                known,
                "ScaleBenchmark.mapTouchUnmap",
                1,
                Map.of("processes", PAGES, "iommu", List.of("vtd")));
        List<String> one = List.of("MappingBenchmark.*");
        Map<String, List<String>> few =
                Map.of("resident", List.of("1000"), "bound", List.of("atc"));
        List<Plan.Pass> passes = new Plan(new Selection(one, false, few), known).passes();
        assertEquals(1, passes.size());
        assertEquals(
                Map.of(
                        "resident",
                        Set.of("1000"),
                        "bound",
                        Set.copyOf(bound),
                        "iommu",
                        Set.of("vtd")),
                passes.getFirst().values());
        List<String> other = List.of("ScaleBenchmark.*");
        assertEquals(1, new Plan(new Selection(other, false, Map.of()), known).passes().size());
    }

    @Test
    void aQuickRunHasFewWorkingSetsAndOnlyThoseThatABenchmarkHas() {
        Map<String, Set<String>> measured = measured(plan(true, Map.of()));
        assertEquals(Set.of("1000", "100000"), measured.get("iotlbHit"));
        assertEquals(Set.of("1000"), measured.get("iotlbHitByTwo"));
        // It has no working set of 1 000 pages, for that would be no walk.
        assertEquals(Set.of("100000"), measured.get("walk"));
        assertFalse(measured.containsKey("lifeOfAProcess"));
    }

    @Test
    void whatAQuickRunLeavesOutCanBeAskedFor() {
        assertTrue(measured(plan(true, Map.of(), "lifeOfAProcess")).containsKey("lifeOfAProcess"));
        assertEquals(
                Set.of("1", "7"),
                measured(plan(true, Map.of("pages", List.of("1", "7")), "iotlbHit"))
                        .get("iotlbHit"));
    }

    private static MeasuredBackend backend(String selector, boolean layered, boolean sizes) {
        return new MeasuredBackend(selector, List.of(), List.of(), Map.of(), layered, sizes);
    }

    private static Set<String> measurable(MeasuredBackend backend) {
        Set<String> names = new TreeSet<>();
        Plan.known(backend).keySet().forEach(name -> names.add(Plan.simple(name)));
        return names;
    }

    @Test
    void ofAnotherBackendJobsAreMeasuredAndWhatItsLayersLetDevicesDo() {
        Set<String> whole = measurable(backend("acme:two", true, true));
        assertTrue(whole.containsAll(Set.of("copyJob", "iotlbHit", "walk", "lifeOfAProcess")));
        assertFalse(whole.contains("invalidatePage"));
        assertFalse(whole.contains("hostRead"));
        assertFalse(measurable(backend("acme", true, false)).contains("walk"));
        Set<String> jobs = measurable(backend("acme", false, false));
        assertTrue(jobs.containsAll(Set.of("copyJob", "copyByJdk", "handOver")));
        assertFalse(jobs.contains("iotlbHit"));
        // A hundred thousand real processes would be a hundred thousand.
        assertFalse(measurable(backend("native:host", true, false)).contains("lifeOfAProcess"));
        SortedMap<String, Plan.Known> known = Plan.known(backend("acme", true, true));
        known.values()
                .forEach(one ->
                        assertEquals(
                                List.of("acme"),
                                one.declared().getOrDefault("iommu", List.of("acme"))));
    }

    @Test
    void whetherABackendHasTheLayersIsFoundWithoutOpeningIt() {
        BackendCatalog catalog = BackendCatalog.load(PlanTest.class.getClassLoader());
        MeasuredBackend emulated =
                MeasuredBackend.of(catalog, "emulated:vtd", List.of(), List.of(), Map.of());
        assertTrue(emulated.isLayered());
        assertTrue(emulated.hasSizes());
        assertFalse(
                MeasuredBackend.of(
                                BackendCatalog.of(List.of(new Monolith())),
                                "monolith",
                                List.of(),
                                List.of(),
                                Map.of())
                        .isLayered());
    }

    /** A backend that shows nothing of its inside. */
    private static final class Monolith implements BackendProvider {
        @Override
        public String name() {
            return "monolith";
        }

        @Override
        public List<BackendVariant> variants() {
            return List.of(BackendVariant.available("", "one piece"));
        }

        @Override
        public Module module(BackendRequest request) {
            return binder -> binder.bind(Backend.class).toProvider(() -> fail("opened"));
        }
    }

    @Test
    void everyLimitAndEveryFigureThatATargetNamesExists() {
        Set<String> exist = new TreeSet<>();
        Plan.known().keySet().forEach(name -> exist.add(Plan.simple(name)));
        for (Target target : Target.ALL) {
            assertTrue(exist.contains(target.benchmark()), target.benchmark());
            Target.of(target.benchmark())
                    .forEach(other -> assertTrue(exist.contains(other.benchmark())));
        }
        for (String benchmark : exist) {
            for (Limit limit : Limit.of(benchmark)) {
                assertTrue(exist.contains(limit.benchmark()), limit.benchmark());
            }
        }
        assertTrue(exist.containsAll(Limit.figures()), Limit.figures()::toString);
    }
}
