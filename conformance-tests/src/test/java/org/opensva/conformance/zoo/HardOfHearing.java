package org.opensva.conformance.zoo;

import com.google.inject.AbstractModule;
import com.google.inject.Module;
import com.google.inject.Provides;

import jakarta.inject.Singleton;

import org.opensva.api.backend.Backend;
import org.opensva.api.iommu.IommuDriver;
import org.opensva.api.iommu.SvaDomain;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.AddressSpaceListener;
import org.opensva.conformance.zoo.SystemCalls.Call;
import org.opensva.smmuv3.driver.SmmuV3Driver;

import java.util.function.Consumer;

/**
 * The driver of the IOMMU does not hear of everything that changes in an address space, or
 * understands it wrongly.
 */
abstract class HardOfHearing implements Defect {

    private final SystemCalls calls = new SystemCalls();

    /**
     * A change.
     *
     * @param range what changed
     * @param call what the current thread is doing
     * @param driver who should be told
     */
    abstract void heard(AddressRange range, Call call, Consumer<AddressRange> driver);

    /** The end of an address space. */
    void ended(AddressSpaceListener driver) {
        driver.release();
    }

    @Override
    public Module layers() {
        return new AbstractModule() {
            @Provides
            @Singleton
            IommuDriver driver(SmmuV3Driver sound) {
                return new ForwardingDriver(sound) {
                    @Override
                    public SvaDomain createDomain(AddressSpace addressSpace) {
                        return sound.createDomain(new Muffled(addressSpace));
                    }
                };
            }
        };
    }

    @Override
    public Backend around(Backend machine) {
        return calls.around(machine);
    }

    private final class Muffled extends ForwardingAddressSpace {

        Muffled(AddressSpace to) {
            super(to);
        }

        @Override
        public Subscription subscribe(AddressSpaceListener driver) {
            return super.subscribe(
                    new AddressSpaceListener() {
                        @Override
                        public void invalidate(AddressRange range) {
                            heard(range, calls.current(), driver::invalidate);
                        }

                        @Override
                        public void release() {
                            ended(driver);
                        }
                    });
        }
    }
}
