package org.opensva.emulated.profile;

import org.opensva.api.ats.EndpointConfig;
import org.opensva.emulated.kernel.paging.PagingMode;
import org.opensva.smmuv3.layout.IdRegisters.Idr0;
import org.opensva.smmuv3.layout.IdRegisters.Idr5;
import org.opensva.smmuv3.model.ProfileDocument;
import org.opensva.smmuv3.model.SmmuProfile;
import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
import org.opensva.vtd.model.VtdProfile;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Reads {@code iommu}, or {@code iommus}: the IOMMUs of a machine, and which devices are behind
 * each of them.
 */
final class IommuFields {

    /** As many as a large host has, and more than a test can want. */
    private static final int MOST_IOMMUS = 8;

    private static final int MOST_DEVICES = 16;

    private final List<ProfileFields> objects;
    private final boolean single;
    private final boolean arm;

    private IommuFields(List<ProfileFields> objects, boolean single, boolean arm) {
        this.objects = objects;
        this.single = single;
        this.arm = arm;
    }

    static IommuFields read(ProfileFields fields) {
        boolean single = !fields.has("iommus");
        if (!single && fields.has("iommu")) {
            throw fields.wrong("iommu", "and 'iommus' exclude each other");
        }
        List<ProfileFields> objects =
                single ? List.of(fields.object("iommu")) : fields.objects("iommus", 1, MOST_IOMMUS);
        boolean arm = isArm(objects.getFirst());
        for (ProfileFields other : objects.subList(1, objects.size())) {
            if (isArm(other) != arm) {
                throw other.wrong("kind", "is not that of the others, which walk the same tables");
            }
        }
        return new IommuFields(objects, single, arm);
    }

    private static boolean isArm(ProfileFields fields) {
        return switch (fields.text("kind")) {
            case "smmuv3" -> true;
            case "vtd" -> false;
            default -> throw fields.wrong("kind", "is neither 'smmuv3' nor 'vtd'");
        };
    }

    /** Whether page tables are Arm's. */
    boolean arm() {
        return arm;
    }

    /** The IOMMUs; a single one has no names of devices, because all are behind it. */
    List<IommuInstance> instances(PagingMode paging) {
        List<IommuInstance> instances = new ArrayList<>();
        Set<String> taken = new HashSet<>();
        for (ProfileFields object : objects) {
            IommuProfile profile = arm ? smmu(object, paging) : vtd(object, paging);
            List<String> devices = single ? List.of() : object.texts("devices", 1, MOST_DEVICES);
            for (String device : devices) {
                if (!taken.add(device)) {
                    throw object.wrong("devices", "names '%s' twice".formatted(device));
                }
            }
            object.mustBeEmpty();
            instances.add(new IommuInstance(profile, Set.copyOf(devices)));
        }
        return instances;
    }

    /** Checks that a device has an IOMMU, and that it can answer what the device can do. */
    static void check(ProfileFields fields, EndpointConfig device, List<IommuInstance> placed) {
        IommuInstance instance =
                placed.stream()
                        .filter(known -> known.devices().contains(device.name()))
                        .findFirst()
                        .orElseThrow(() -> fields.wrong("name", "is in none of the 'iommus'"));
        check(fields, device, instance.profile());
    }

    /** The IOMMUs with the devices that there are. */
    List<IommuInstance> placed(List<IommuInstance> instances, List<EndpointConfig> devices) {
        Set<String> names =
                devices.stream().map(EndpointConfig::name).collect(Collectors.toUnmodifiableSet());
        if (single) {
            return List.of(new IommuInstance(instances.getFirst().profile(), names));
        }
        for (int i = 0; i < instances.size(); i++) {
            for (String device : instances.get(i).devices()) {
                if (!names.contains(device)) {
                    throw objects.get(i)
                            .wrong("devices", "names '%s', which is no device".formatted(device));
                }
            }
        }
        return instances;
    }

    private static IommuProfile smmu(ProfileFields fields, PagingMode paging) {
        SmmuProfile profile = SmmuProfile.sva();
        if (fields.has("profile")) {
            ProfileFields document = fields.object("profile");
            try {
                profile = ProfileDocument.read(document.takeRest());
            } catch (IllegalArgumentException e) {
                throw document.wrong(String.valueOf(e.getMessage()));
            }
        }
        boolean granule =
                switch (paging.geometry().granule()) {
                    case SIZE_4K -> Idr5.GRAN4K.isSet(profile.idr5());
                    case SIZE_16K -> Idr5.GRAN16K.isSet(profile.idr5());
                    case SIZE_64K -> Idr5.GRAN64K.isSet(profile.idr5());
                };
        if (!granule || !Idr0.S1P.isSet(profile.idr0())) {
            throw fields.wrong("profile", "cannot walk page tables of 'pageSize'");
        }
        return new IommuProfile.Smmu(profile);
    }

    private static IommuProfile vtd(ProfileFields fields, PagingMode paging) {
        VtdProfile profile =
                fields.has("profile")
                        ? VtdDocument.read(fields.object("profile"))
                        : VtdProfile.sva();
        boolean walks =
                Ecap.FSTS.isSet(profile.extendedCapability())
                        && (paging.levels() == 4 || Cap.FS5LP.isSet(profile.capability()));
        if (!walks) {
            throw fields.wrong("profile", "cannot walk page tables of 'levels'");
        }
        return new IommuProfile.Vtd(profile);
    }

    private static void check(ProfileFields fields, EndpointConfig device, IommuProfile iommu) {
        boolean ats;
        boolean pri;
        boolean stall;
        switch (iommu) {
            case IommuProfile.Smmu smmu -> {
                long idr0 = smmu.profile().idr0();
                ats = Idr0.ATS.isSet(idr0);
                pri = Idr0.PRI.isSet(idr0);
                stall = Idr0.STALL_MODEL.get(idr0) != 1;
            }
            case IommuProfile.Vtd vtd -> {
                long ecap = vtd.profile().extendedCapability();
                ats = Ecap.DT.isSet(ecap);
                pri = Ecap.PRS.isSet(ecap);
                stall = false;
            }
        }
        if (device.ats() && !ats) {
            throw fields.wrong("ats", "needs an IOMMU that has it");
        }
        if (device.pri() && !pri) {
            throw fields.wrong("pri", "needs an IOMMU that has it");
        }
        if (device.stall() && !stall) {
            throw fields.wrong("stall", "needs an SMMUv3 that has it");
        }
    }
}
