package org.opensva.emulated;

import com.google.inject.AbstractModule;
import com.google.inject.Provides;

import io.opentelemetry.api.OpenTelemetry;

import org.opensva.api.ats.EndpointConfig;
import org.opensva.api.telemetry.ControlMeters;
import org.opensva.api.telemetry.FaultEvents;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.api.telemetry.PasidLimit;
import org.opensva.emulated.kernel.sva.SvaCore;
import org.opensva.emulated.machine.EventLog;
import org.opensva.emulated.profile.MachineProfile;

import java.util.HashMap;
import java.util.Map;

/** What a machine tells about itself beyond its log of hardware events. */
final class TelemetryModule extends AbstractModule {

    private final MachineProfile profile;
    private final PasidLimit pasids;

    TelemetryModule(MachineProfile profile, int pasidSeries) {
        this.profile = profile;
        pasids = new PasidLimit(pasidSeries);
    }

    /** The name of a machine in metrics. */
    static String backend(MachineProfile profile) {
        return EmulatedBackendProvider.NAME + ":" + profile.name();
    }

    /** The names of the devices by requester id. */
    static Map<Integer, String> devices(MachineProfile profile) {
        Map<Integer, String> names = new HashMap<>();
        for (EndpointConfig device : profile.devices()) {
            names.put(device.requester().value(), device.name());
        }
        return names;
    }

    @Provides
    @MachineScoped
    ControlMeters meters(OpenTelemetry telemetry, EventLog log) {
        return new ControlMeters(
                telemetry,
                log,
                backend(profile),
                devices(profile),
                profile.paging().geometry().pageBytes(),
                pasids);
    }

    @Provides
    @MachineScoped
    HardwareEventSink sink(ControlMeters meters) {
        return meters.sink();
    }

    @Provides
    @MachineScoped
    PasidLimit pasids() {
        return pasids;
    }

    @Provides
    @MachineScoped
    FaultReports faultReports(
            FaultLog log, ControlMeters meters, OpenTelemetry telemetry, SvaCore sva) {
        return new FaultReports(log, meters, new FaultEvents(telemetry), sva);
    }
}
