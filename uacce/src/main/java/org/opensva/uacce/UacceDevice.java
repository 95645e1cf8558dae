package org.opensva.uacce;

import io.opentelemetry.api.OpenTelemetry;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.AcceleratorInfo;
import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.EngineFactory;
import org.opensva.api.accelerator.ErrorInjection;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.QueueRegion;
import org.opensva.api.accelerator.QueueRequest;
import org.opensva.api.accelerator.SysfsTree;
import org.opensva.api.accelerator.VirtualFunctions;
import org.opensva.api.ats.Endpoint;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.iommu.SvaBinder;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.SvaProcess;
import org.opensva.api.telemetry.PasidLimit;
import org.opensva.uacce.cdev.CharDevice;
import org.opensva.uacce.cdev.DeviceTelemetry;
import org.opensva.uacce.cdev.Isolation;
import org.opensva.uacce.cdev.QueueSettings;
import org.opensva.uacce.library.UacceQueueHandle;
import org.opensva.uacce.queue.QueueLayout;
import org.opensva.uacce.queue.QueueScheduler;
import org.opensva.uacce.sysfs.UacceAttributes;

import java.time.Duration;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * An accelerator: a device function with queues and engines behind a character device.
 *
 * <p>It must be attached to its IOMMU, with PASIDs enabled, before the first {@link #open}. {@link
 * #remove} unplugs it: the endpoint is closed when it returns, and whoever attached it detaches it
 * afterwards.
 */
public final class UacceDevice implements Accelerator, AutoCloseable {

    /** What every device does, so that its name says nothing. */
    private static final Set<Operation> CONTROL =
            EnumSet.of(Operation.NOP, Operation.DRAIN, Operation.BATCH);

    private final String name;
    private final Endpoint endpoint;
    private final CharDevice device;
    private final Isolation isolation;
    private final @Nullable DeviceTelemetry told;
    private final AcceleratorInfo info;
    private final @Nullable FunctionSet functions;
    private final SysfsTree sysfs;

    /**
     * Makes a device without virtual functions. No thread runs before the first job.
     *
     * @param config what it shall be like
     * @param endpoint its bus interface, which it owns from now on
     * @param binder binds address spaces to it
     * @param engines makes an engine for each worker
     * @param telemetry where spans, metrics and log events go
     */
    public UacceDevice(
            UacceConfig config,
            Endpoint endpoint,
            SvaBinder binder,
            EngineFactory engines,
            OpenTelemetry telemetry) {
        this(config, endpoint, binder, engines, telemetry, null);
    }

    /**
     * Makes a device. No thread runs before the first job.
     *
     * @param config what it shall be like, and its virtual functions but for the name
     * @param endpoint its bus interface, which it owns from now on
     * @param binder binds address spaces to it and to its virtual functions
     * @param engines makes an engine for each worker
     * @param telemetry where spans go
     * @param slots where its virtual functions are plugged in, or null if it has none
     */
    public UacceDevice(
            UacceConfig config,
            Endpoint endpoint,
            SvaBinder binder,
            EngineFactory engines,
            OpenTelemetry telemetry,
            @Nullable VirtualFunctionSlots slots) {
        this(
                config,
                endpoint,
                binder,
                engines,
                telemetry,
                slots,
                new Isolation(System::nanoTime),
                true);
    }

    private UacceDevice(
            UacceConfig config,
            Endpoint endpoint,
            SvaBinder binder,
            EngineFactory engines,
            OpenTelemetry telemetry,
            @Nullable VirtualFunctionSlots slots,
            Isolation isolation,
            boolean physical) {
        name = config.name();
        this.endpoint = endpoint;
        this.isolation = isolation;
        QueueScheduler scheduler =
                new QueueScheduler(name, config.workers(), config.instances(), endpoint, engines);
        told =
                DeviceTelemetry.of(
                        telemetry,
                        name,
                        endpoint.requester().value(),
                        new PasidLimit(config.pasidSeries()));
        device =
                new CharDevice(
                        name,
                        endpoint,
                        binder,
                        scheduler,
                        new QueueSettings(
                                config.foreignHandles(),
                                config.instances(),
                                config.queueDepth(),
                                config.regionSize(),
                                config.drainTimeout().toNanos()),
                        isolation,
                        physical,
                        told);
        info = describe(config, scheduler.operations(), scheduler.algorithms());
        functions =
                slots == null
                        ? null
                        : new FunctionSet(
                                name,
                                slots,
                                (node, bus) ->
                                        new UacceDevice(
                                                config.withName(node),
                                                bus,
                                                binder,
                                                engines,
                                                telemetry,
                                                null,
                                                isolation,
                                                false));
        sysfs = UacceAttributes.of(this, isolation, physical, device::isPresent);
    }

    private static AcceleratorInfo describe(
            UacceConfig config, Set<Operation> operations, Set<Algorithm> algorithms) {
        Map<QueueRegion, Long> sizes = new EnumMap<>(QueueRegion.class);
        for (QueueRegion region : QueueRegion.values()) {
            sizes.put(region, (long) config.regionSize());
        }
        Stream<String> whole =
                operations.stream()
                        .filter(Algorithm.NONE.operations()::contains)
                        .sorted()
                        .filter(operation -> !CONTROL.contains(operation))
                        .map(UacceDevice::algorithm);
        Stream<String> mac =
                operations.contains(Operation.MAC) ? Stream.of("hmac") : Stream.empty();
        Stream<String> chosen = algorithms.stream().sorted().map(Algorithm::id);
        List<String> names =
                Stream.of(whole, mac, chosen).flatMap(Function.identity()).distinct().toList();
        return new AcceleratorInfo(
                QueueLayout.API,
                true,
                names,
                operations,
                config.instances(),
                sizes,
                config.queueDepth());
    }

    /** An algorithm covers both directions, as in {@code /sys/class/uacce/*}{@code /algorithms}. */
    private static String algorithm(Operation operation) {
        return switch (operation) {
            case GZIP, GUNZIP -> Operation.GZIP.id();
            case DEFLATE, INFLATE -> Operation.DEFLATE.id();
            case ZLIB, UNZLIB -> Operation.ZLIB.id();
            default -> operation.id();
        };
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public RequesterId requester() {
        return endpoint.requester();
    }

    @Override
    public AcceleratorInfo info() {
        return info;
    }

    @Override
    public int availableInstances() {
        return device.availableInstances();
    }

    @Override
    public QueueHandle open(SvaProcess process) {
        return open(process, QueueRequest.DEDICATED);
    }

    @Override
    public QueueHandle open(SvaProcess process, QueueRequest request) {
        CharDevice.Opened opened = device.open(process, request);
        return new UacceQueueHandle(this, opened.file(), process, opened.fd());
    }

    @Override
    public Optional<SysfsTree> sysfs() {
        return Optional.of(sysfs);
    }

    @Override
    public Optional<VirtualFunctions> virtualFunctions() {
        return Optional.ofNullable(functions);
    }

    @Override
    public Optional<ErrorInjection> errorInjection() {
        return Optional.of(
                new ErrorInjection() {
                    @Override
                    public void hardwareError() {
                        device.hardwareError(UacceDevice.this::reset);
                    }

                    @Override
                    public void failNextReset() {
                        device.failNextReset();
                    }

                    @Override
                    public void advance(Duration time) {
                        isolation.advance(time);
                    }
                });
    }

    @Override
    public void reset() {
        FunctionSet mine = functions;
        if (mine != null) {
            mine.reset();
        }
        device.reset();
    }

    /** Resets a virtual function with its physical function, unless it is going. */
    void resetFunction() {
        try {
            device.reset();
        } catch (ErrnoException e) {
            // It was removed meanwhile, or cannot be stopped: the queues are dead either way.
            return;
        }
    }

    @Override
    public void remove() {
        FunctionSet mine = functions;
        if (mine != null) {
            mine.end();
        }
        device.remove();
        if (told != null) {
            told.close();
        }
    }

    /** Removes the device. */
    @Override
    public void close() {
        remove();
    }
}
