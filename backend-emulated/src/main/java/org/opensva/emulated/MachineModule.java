package org.opensva.emulated;

import com.google.inject.AbstractModule;
import com.google.inject.Provides;

import org.opensva.api.iommu.InterruptController;
import org.opensva.api.memory.FrameAllocator;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.emulated.Lifecycle.Stage;
import org.opensva.emulated.machine.BuddyFrameAllocator;
import org.opensva.emulated.machine.ChunkedMemory;
import org.opensva.emulated.machine.EventLog;
import org.opensva.emulated.machine.InterruptDispatcher;
import org.opensva.emulated.machine.Processors;
import org.opensva.emulated.machine.WatchedMemory;
import org.opensva.emulated.profile.MachineProfile;

/** The hardware of a machine, without its IOMMU. */
final class MachineModule extends AbstractModule {

    private static final int EVENTS = 1 << 18;
    private static final int PROCESSORS = 4;

    /** As many as the second level of a small core's TLB has. */
    private static final int TLB_ENTRIES = 1024;

    private static final int FRAME_CACHES = 4;

    private final MachineProfile profile;
    private final boolean repeatable;

    MachineModule(MachineProfile profile, boolean repeatable) {
        this.repeatable = repeatable;
        this.profile = profile;
    }

    @Override
    protected void configure() {
        bind(PhysicalMemory.class).to(ChunkedMemory.class);
        bind(PhysicalMemory.class).annotatedWith(DriverMemory.class).to(WatchedMemory.class);
        bind(FrameAllocator.class).to(BuddyFrameAllocator.class);
        bind(InterruptController.class).to(InterruptDispatcher.class);
    }

    @Provides
    @MachineScoped
    ChunkedMemory memory() {
        return new ChunkedMemory(profile.memoryBase(), profile.memory());
    }

    /** What drivers of IOMMUs store goes through here. */
    @Provides
    @MachineScoped
    WatchedMemory driverMemory(PhysicalMemory memory) {
        return new WatchedMemory(memory);
    }

    @Provides
    @MachineScoped
    BuddyFrameAllocator frames(PhysicalMemory memory) {
        return new BuddyFrameAllocator(
                memory,
                profile.memoryBase(),
                profile.memory(),
                profile.paging().entries().poison(),
                repeatable ? 1 : FRAME_CACHES);
    }

    @Provides
    @MachineScoped
    InterruptDispatcher interrupts(Lifecycle lifecycle) {
        return lifecycle.add(Stage.INTERRUPTS, new InterruptDispatcher());
    }

    @Provides
    @MachineScoped
    Processors processors() {
        return new Processors(PROCESSORS, TLB_ENTRIES);
    }

    @Provides
    @MachineScoped
    EventLog events() {
        return new EventLog(EVENTS);
    }
}
