package org.opensva.emulated.kernel.sva;

import org.opensva.api.iommu.AttachedDevice;
import org.opensva.api.iommu.DeviceFunction;
import org.opensva.api.iommu.FaultRecord;
import org.opensva.api.iommu.IommuCapabilities;
import org.opensva.api.iommu.IommuDriver;
import org.opensva.api.iommu.PageFault;
import org.opensva.api.iommu.PageFaultGroup;
import org.opensva.api.iommu.PageFaultHandler;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.iommu.SvaDomain;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.AddressSpaceListener;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.PageTableFormat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A driver that does nothing but write down what it is asked for. */
final class FakeIommu implements IommuDriver {

    final List<String> calls = Collections.synchronizedList(new ArrayList<>());
    Errno failBind;
    Errno failDomain;
    OptionalInt asid = OptionalInt.empty();
    Runnable onDomainClosed = () -> {};

    List<String> taken() {
        synchronized (calls) {
            List<String> taken = List.copyOf(calls);
            calls.clear();
            return taken;
        }
    }

    @Override
    public IommuCapabilities capabilities() {
        return new IommuCapabilities(
                "fake", 20, Set.of(PageTableFormat.VMSAV8_64), true, true, true);
    }

    @Override
    public AttachedDevice attach(DeviceFunction function, PageFaultHandler faults) {
        calls.add("attach " + function.name());
        return new Device((Function) function, faults);
    }

    @Override
    public SvaDomain createDomain(AddressSpace addressSpace) {
        if (failDomain != null) {
            throw new ErrnoException(failDomain, "createDomain", "");
        }
        calls.add("domain");
        AddressSpace.Subscription subscription =
                addressSpace.subscribe(
                        new AddressSpaceListener() {
                            @Override
                            public void invalidate(AddressRange range) {
                                calls.add("invalidate");
                            }

                            @Override
                            public void release() {
                                calls.add("release");
                            }
                        });
        return new SvaDomain() {
            @Override
            public AddressSpace addressSpace() {
                return addressSpace;
            }

            @Override
            public OptionalInt asid() {
                return asid;
            }

            @Override
            public void close() {
                subscription.close();
                calls.add("close domain");
                onDomainClosed.run();
            }
        };
    }

    @Override
    public void onFault(Consumer<FaultRecord> listener) {}

    @Override
    public void close() {}

    /** A device behind it, which can fault. */
    final class Device implements AttachedDevice {
        final Function function;
        final PageFaultHandler faults;
        final LinkedBlockingQueue<PageResponse> answers = new LinkedBlockingQueue<>();

        Device(Function function, PageFaultHandler faults) {
            this.function = function;
            this.faults = faults;
            function.device = this;
        }

        @Override
        public DeviceFunction function() {
            return function;
        }

        @Override
        public int maxPasids() {
            return function.pasids;
        }

        @Override
        public boolean recoversFaults() {
            return true;
        }

        @Override
        public void bind(Pasid pasid, SvaDomain domain) {
            function.beforeBind.run();
            if (failBind != null) {
                throw new ErrnoException(failBind, "bind", "");
            }
            calls.add("bind %s %d".formatted(function.name(), pasid.value()));
        }

        @Override
        public void unbind(Pasid pasid) {
            function.beforeUnbind.run();
            calls.add("unbind %s %d".formatted(function.name(), pasid.value()));
        }

        @Override
        public void respond(PageFaultGroup group, PageResponse response) {
            answers.add(response);
            function.onRespond.run();
        }

        @Override
        public void close() {
            calls.add("detach " + function.name());
        }

        void fault(int pasid, PageFault... pages) {
            faults.report(
                    this,
                    new PageFaultGroup(
                            function.requester(), pasid, 0, false, Arrays.asList(pages)));
        }

        PageResponse answer() throws InterruptedException {
            return answers.poll(20, TimeUnit.SECONDS);
        }
    }

    /** A function on the bus. */
    static final class Function implements DeviceFunction {
        final String name;
        final RequesterId requester;
        final int pasids;
        boolean present = true;
        Device device;
        Runnable beforeBind = () -> {};
        Runnable beforeUnbind = () -> {};
        Runnable onRespond = () -> {};

        Function(String name, int number, int pasids) {
            this.name = name;
            this.requester = new RequesterId(number);
            this.pasids = pasids;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public RequesterId requester() {
            return requester;
        }

        @Override
        public int pasidBits() {
            return 20;
        }

        @Override
        public boolean supportsAts() {
            return true;
        }

        @Override
        public boolean supportsPri() {
            return true;
        }

        @Override
        public boolean supportsStall() {
            return false;
        }

        @Override
        public boolean isPresent() {
            return present;
        }

        @Override
        public void setPasidEnabled(boolean enabled) {}

        @Override
        public void setAtsEnabled(boolean enabled) {}

        @Override
        public void setPriEnabled(boolean enabled, int outstanding) {}

        @Override
        public boolean isAtsEnabled() {
            return true;
        }

        @Override
        public void stopPasid(Pasid pasid) {}
    }
}
