package org.opensva.emulated.profile;

import org.opensva.api.ats.EndpointConfig;
import org.opensva.api.backend.BackendException;
import org.opensva.api.memory.PageSize;
import org.opensva.emulated.kernel.paging.PagingMode;
import org.opensva.smmuv3.layout.IdRegisters.Idr0;
import org.opensva.smmuv3.layout.IdRegisters.Idr5;
import org.opensva.smmuv3.model.ProfileDocument;
import org.opensva.smmuv3.model.SmmuProfile;
import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
import org.opensva.vtd.model.VtdProfile;

import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Reads the profile of a machine.
 *
 * <pre>{@code
 * {
 *   "name": "mine", "title": "what it is", "memory": "8G", "pageSize": "64K", "levels": 3,
 *   "iommu": {"kind": "smmuv3", "profile": {"IDR0": {"S1P": 1, ...}, "iotlbEntries": 4096}},
 *   "devices": [{"name": "zip-0", "requester": "01:00.0", "ats": true, "pri": true,
 *                "pasidBits": 20, "atcEntries": 4096}]
 * }
 * }</pre>
 *
 * <p>An SMMUv3 has Arm page tables, {@code vtd} those of x86-64. Without {@code iommu.profile} the
 * IOMMU has all that its model can do for SVA; for an SMMUv3 the profile is what {@link
 * ProfileDocument} reads, for VT-d what is named changes {@link VtdProfile#sva()}.
 */
public final class ProfileReader {

    /** The least memory that a machine can have, in bytes. */
    public static final long LEAST_MEMORY = 1L << 20;

    /** The most memory that a machine can have, in bytes. */
    public static final long MOST_MEMORY = 1L << 42;

    private static final int DEEPEST = 16;
    private static final int MOST_CHARACTERS = 1 << 20;
    private static final int MOST_DEVICES = 16;
    private static final int LONGEST_TITLE = 200;
    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,62}");

    private static final JsonMapper JSON =
            JsonMapper.builder(
                            JsonFactory.builder()
                                    .streamReadConstraints(
                                            StreamReadConstraints.builder()
                                                    .maxNestingDepth(DEEPEST)
                                                    .maxDocumentLength(MOST_CHARACTERS)
                                                    .build())
                                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                                    .build())
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .build();

    private ProfileReader() {}

    /**
     * Reads a profile.
     *
     * @param text a JSON object
     * @return the profile
     * @throws BackendException with one line that names what is wrong
     */
    public static MachineProfile read(String text) {
        return read(new ProfileFields("profile", parse(text)));
    }

    private static Map<?, ?> parse(String text) {
        Object document;
        try {
            document = JSON.readValue(text, Object.class);
        } catch (JacksonException e) {
            TokenStreamLocation at = e.getLocation();
            throw new BackendException(
                    "profile: not JSON: line %d, column %d"
                            .formatted(
                                    at == null ? 1 : Math.max(1, at.getLineNr()),
                                    at == null ? 1 : Math.max(1, at.getColumnNr())),
                    e);
        }
        if (document instanceof Map<?, ?> object) {
            return object;
        }
        throw new BackendException("profile: not a JSON object");
    }

    private static MachineProfile read(ProfileFields fields) {
        String name = fields.text("name");
        if (!NAME.matcher(name).matches()) {
            throw fields.wrong("name", "is not lower case letters, digits and hyphens");
        }
        String title = fields.text("title", name);
        if (title.length() > LONGEST_TITLE || title.chars().anyMatch(Character::isISOControl)) {
            throw fields.wrong("title", "is not one line of up to " + LONGEST_TITLE);
        }
        long memory = memory(fields);
        ProfileFields iommuFields = fields.object("iommu");
        String kind = iommuFields.text("kind");
        boolean arm = kind.equals("smmuv3");
        if (!arm && !kind.equals("vtd")) {
            throw iommuFields.wrong("kind", "is neither 'smmuv3' nor 'vtd'");
        }
        PagingMode paging = paging(fields, arm);
        IommuProfile iommu = arm ? smmu(iommuFields, paging) : vtd(iommuFields, paging);
        iommuFields.mustBeEmpty();
        List<EndpointConfig> devices = devices(fields, iommu);
        fields.mustBeEmpty();
        return new MachineProfile(name, title, memory, paging, iommu, devices);
    }

    /** Whole pages of the largest granule. */
    private static long memory(ProfileFields fields) {
        String text = fields.text("memory", "8G");
        long bytes = ByteCount.parse(text, MOST_MEMORY).orElse(0) & -(1L << 16);
        if (bytes < LEAST_MEMORY) {
            throw fields.wrong("memory", "is not from '1M' to '4T'");
        }
        return bytes;
    }

    private static PagingMode paging(ProfileFields fields, boolean arm) {
        String text = fields.text("pageSize", "4K");
        PageSize size =
                Arrays.stream(PageSize.values())
                        .filter(known -> text.equals((known.bytes() >> 10) + "K"))
                        .findFirst()
                        .orElseThrow(
                                () -> fields.wrong("pageSize", "is none of '4K', '16K' and '64K'"));
        List<PagingMode> modes =
                Arrays.stream(PagingMode.values())
                        .filter(mode -> mode.isArm() == arm)
                        .filter(mode -> mode.geometry().granule() == size)
                        .toList();
        if (modes.isEmpty()) {
            throw fields.wrong("pageSize", "of x86-64, which 'vtd' needs, is '4K'");
        }
        int levels = fields.integer("levels", 3, 5, modes.getFirst().levels());
        return modes.stream()
                .filter(mode -> mode.levels() == levels)
                .findFirst()
                .orElseThrow(() ->
                        fields.wrong(
                                "levels",
                                "must be "
                                        + modes.stream()
                                                .map(mode -> Integer.toString(mode.levels()))
                                                .collect(Collectors.joining(" or "))));
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

    private static List<EndpointConfig> devices(ProfileFields fields, IommuProfile iommu) {
        List<ProfileFields> objects = fields.objects("devices", 1, MOST_DEVICES);
        Set<String> names = new HashSet<>();
        Set<Integer> requesters = new HashSet<>();
        return objects.stream()
                .map(object -> {
                    EndpointConfig device = DeviceProfile.read(object);
                    if (!names.add(device.name())) {
                        throw object.wrong("name", "is another device's too");
                    }
                    if (!requesters.add(device.requester().value())) {
                        throw object.wrong("requester", "is another device's too");
                    }
                    check(object, device, iommu);
                    return device;
                })
                .toList();
    }

    /** What a device can do, its IOMMU must be able to answer. */
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
