package org.opensva.conformance.measure;

import com.google.inject.Guice;
import com.google.inject.Injector;
import com.google.inject.Stage;

import io.opentelemetry.api.OpenTelemetry;

import org.opensva.api.ats.Endpoint;
import org.opensva.api.ats.EndpointConfig;
import org.opensva.api.ats.EndpointFactory;
import org.opensva.api.ats.TranslationAgent;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.iommu.SvaBinder;
import org.opensva.api.process.ProcessHost;

import java.util.HashMap;
import java.util.Map;

/**
 * A backend and its layers. Devices for measuring are put beside its own, behind the same IOMMU.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
final class MeasuredMachine implements AutoCloseable {

    /** Bus 0x40 and up: no machine has devices of its own there. */
    private static final int FIRST_BUS = 0x40;

    private static final int INVALIDATE_QUEUE_DEPTH = 32;
    private static final int OUTSTANDING_PAGE_REQUESTS = 32;
    private static final int PASID_BITS = 20;

    private final Backend backend;
    private final ProcessHost processes;
    private final TranslationAgent agent;
    private final SvaBinder binder;
    private final EndpointFactory endpoints;
    private int devices;

    private MeasuredMachine(Injector injector) {
        backend = injector.getInstance(Backend.class);
        processes = injector.getInstance(ProcessHost.class);
        agent = injector.getInstance(TranslationAgent.class);
        binder = injector.getInstance(SvaBinder.class);
        endpoints = injector.getInstance(EndpointFactory.class);
    }

    /** How large the caches of an IOMMU are. */
    enum Caches {
        /** As the variant has them. */
        AS_THEY_ARE(Map.of()),
        /** Everything that is measured fits. */
        LARGE(Map.of("iotlb-entries", "4194304", "walk-cache-entries", "16384")),
        /** Every translation walks, and finds all tables but the last in a walk cache. */
        WALK_CACHE(Map.of("iotlb-entries", "4", "walk-cache-entries", "16384")),
        /** Every translation walks from the root. */
        NONE(Map.of("iotlb-entries", "4", "walk-cache-entries", "4"));

        private final Map<String, String> options;

        Caches(Map<String, String> options) {
            this.options = options;
        }

        /** What an emulated machine is told for that. */
        Map<String, String> options() {
            return options;
        }
    }

    /**
     * Opens a variant of the emulated backend, or the backend that this process was started to
     * measure.
     *
     * @param variant its name
     * @param caches how large the caches of its IOMMU are
     */
    static MeasuredMachine open(String variant, Caches caches) {
        return open(variant, caches, OpenTelemetry.noop());
    }

    /**
     * Opens a variant of the emulated backend that tells about itself.
     *
     * @param variant its name
     * @param caches how large the caches of its IOMMU are
     * @param telemetry where it tells
     */
    static MeasuredMachine open(String variant, Caches caches, OpenTelemetry telemetry) {
        Map<String, String> options = new HashMap<>(caches.options);
        options.put("memory", "64G");
        options.put("huge-pages", "never");
        String selector = MeasuredBackend.isTold(variant) ? variant : "emulated:" + variant;
        return open(selector, options, telemetry);
    }

    /** Opens the native backend with real processes. */
    static MeasuredMachine openHost() {
        return open("native:host", Map.of(), OpenTelemetry.noop());
    }

    private static MeasuredMachine open(
            String selector, Map<String, String> proposed, OpenTelemetry telemetry) {
        BackendCatalog catalog = MeasuredBackend.catalog();
        return new MeasuredMachine(
                Guice.createInjector(
                        Stage.PRODUCTION,
                        binder -> binder.bind(OpenTelemetry.class).toInstance(telemetry),
                        catalog.module(
                                selector, MeasuredBackend.options(catalog, selector, proposed))));
    }

    ProcessHost processes() {
        return processes;
    }

    SvaBinder binder() {
        return binder;
    }

    Backend backend() {
        return backend;
    }

    /** A device without an ATC: each of its accesses is translated by the IOMMU. */
    BareDevice bareDevice() {
        return new BareDevice(agent, requester());
    }

    /** A device with an ATC that requests pages. */
    Endpoint endpoint(int atcEntries) {
        return endpoint(true, atcEntries);
    }

    /** A device without an ATC whose accesses the IOMMU stalls when a page is not there. */
    Endpoint stallingEndpoint() {
        return endpoint(false, 1);
    }

    private Endpoint endpoint(boolean ats, int atcEntries) {
        return endpoints.create(
                new EndpointConfig(
                        "measured",
                        requester(),
                        PASID_BITS,
                        ats,
                        ats,
                        !ats,
                        atcEntries,
                        INVALIDATE_QUEUE_DEPTH,
                        OUTSTANDING_PAGE_REQUESTS),
                agent);
    }

    /** Bytes of the heap that are in use after what is not has been collected. */
    static long heap() {
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }

    private synchronized RequesterId requester() {
        int number = devices++;
        return RequesterId.of(FIRST_BUS + (number >> 5), number & 31, 0);
    }

    @Override
    public void close() {
        backend.close();
    }
}
