package org.opensva.conformance.zoo;

import com.google.inject.AbstractModule;
import com.google.inject.Module;
import com.google.inject.Provides;

import jakarta.inject.Singleton;

import org.opensva.api.iommu.AttachedDevice;
import org.opensva.api.iommu.DeviceFunction;
import org.opensva.api.iommu.IommuDriver;
import org.opensva.api.iommu.PageFaultHandler;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.SvaDomain;
import org.opensva.api.process.AddressSpace;
import org.opensva.smmuv3.driver.SmmuV3Driver;

import java.util.HashMap;
import java.util.Map;

/** Unbinding forgets a PASID in software and leaves its entry translating. */
final class EntryStaysLive implements Defect {

    @Override
    public Module layers() {
        return new AbstractModule() {
            @Provides
            @Singleton
            IommuDriver driver(SmmuV3Driver sound) {
                return new Forgetful(sound);
            }
        };
    }

    private static final class Forgetful extends ForwardingDriver {

        Forgetful(IommuDriver to) {
            super(to);
        }

        @Override
        public AttachedDevice attach(DeviceFunction function, PageFaultHandler faults) {
            return new Device(super.attach(function, faults));
        }

        @Override
        public SvaDomain createDomain(AddressSpace addressSpace) {
            return new Domain(super.createDomain(addressSpace));
        }
    }

    /** A domain cannot be closed with an entry that uses it, so it is not. */
    private record Domain(SvaDomain sound) implements SvaDomain {

        @Override
        public AddressSpace addressSpace() {
            return sound.addressSpace();
        }

        @Override
        public void close() {}
    }

    private static final class Device extends ForwardingDevice {
        private final Map<Pasid, SvaDomain> live = new HashMap<>();

        Device(AttachedDevice to) {
            super(to);
        }

        @Override
        public synchronized void bind(Pasid pasid, SvaDomain domain) {
            SvaDomain before = live.remove(pasid);
            if (before != null) {
                super.unbind(pasid);
                before.close();
            }
            SvaDomain sound = ((Domain) domain).sound();
            super.bind(pasid, sound);
            live.put(pasid, sound);
        }

        @Override
        public void unbind(Pasid pasid) {}
    }
}
