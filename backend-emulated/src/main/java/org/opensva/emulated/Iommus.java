package org.opensva.emulated;

import org.opensva.api.ats.TranslationAgent;
import org.opensva.api.iommu.DeviceFunction;
import org.opensva.api.iommu.IommuDriver;
import org.opensva.emulated.kernel.sva.IommuLookup;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The IOMMUs of a machine.
 *
 * @param instances each of them, in the order of the profile
 * @param byDevice which of them each device is behind, by name
 */
record Iommus(List<Instance> instances, Map<String, Integer> byDevice) implements IommuLookup {

    /**
     * One of them.
     *
     * @param agent what devices send their requests to
     * @param driver what the kernel controls it by
     */
    record Instance(TranslationAgent agent, IommuDriver driver) {}

    Iommus {
        instances = List.copyOf(instances);
        byDevice = Map.copyOf(byDevice);
    }

    /** The IOMMU of a device, and of its virtual functions. */
    Instance of(String device) {
        int function = device.indexOf(FunctionSlots.SUFFIX);
        String physical = function < 0 ? device : device.substring(0, function);
        return instances.get(byDevice.getOrDefault(physical, 0));
    }

    @Override
    public Optional<IommuDriver> behind(DeviceFunction function) {
        return Optional.of(of(function.name()).driver());
    }
}
