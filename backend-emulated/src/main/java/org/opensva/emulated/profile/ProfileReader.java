package org.opensva.emulated.profile;

import org.opensva.api.ats.EndpointConfig;
import org.opensva.api.backend.BackendException;
import org.opensva.api.memory.PageSize;
import org.opensva.emulated.kernel.paging.PagingMode;
import org.opensva.smmuv3.model.ProfileDocument;
import org.opensva.vtd.model.VtdProfile;

import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
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
 *                "pasidBits": 20, "atcEntries": 4096}],
 *   "tormentor": 7
 * }
 * }</pre>
 *
 * <p>A machine with several IOMMUs has {@code "iommus": [{"kind": "smmuv3", "devices": ["zip-0"]},
 * ...]} instead, all of one kind because they walk the same page tables.
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
        return read(new ProfileFields("profile", parse(text)), digest(text));
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

    private static String digest(String text) {
        try {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private static MachineProfile read(ProfileFields fields, String digest) {
        String name = fields.text("name");
        if (!NAME.matcher(name).matches()) {
            throw fields.wrong("name", "is not lower case letters, digits and hyphens");
        }
        String title = fields.text("title", name);
        if (title.length() > LONGEST_TITLE || title.chars().anyMatch(Character::isISOControl)) {
            throw fields.wrong("title", "is not one line of up to " + LONGEST_TITLE);
        }
        long memory = memory(fields);
        IommuFields iommus = IommuFields.read(fields);
        PagingMode paging = paging(fields, iommus.arm());
        List<IommuInstance> instances = iommus.instances(paging);
        List<ProfileFields> objects = fields.objects("devices", 1, MOST_DEVICES);
        List<EndpointConfig> devices = devices(objects);
        instances = iommus.placed(instances, devices);
        for (int i = 0; i < devices.size(); i++) {
            IommuFields.check(objects.get(i), devices.get(i), instances);
        }
        OptionalLong torment = torment(fields, devices);
        fields.mustBeEmpty();
        return new MachineProfile(name, title, memory, paging, instances, devices, torment, digest);
    }

    private static OptionalLong torment(ProfileFields fields, List<EndpointConfig> devices) {
        if (!fields.has("tormentor")) {
            return OptionalLong.empty();
        }
        int seed = fields.integer("tormentor", 0, Integer.MAX_VALUE);
        if (!devices.stream().allMatch(device -> device.pri() || device.stall())) {
            throw fields.wrong("tormentor", "needs devices that all have 'pri' or 'stall'");
        }
        return OptionalLong.of(seed);
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

    private static List<EndpointConfig> devices(List<ProfileFields> objects) {
        Set<String> names = new HashSet<>();
        Set<Integer> requesters = new HashSet<>();
        List<EndpointConfig> devices = new ArrayList<>();
        for (ProfileFields object : objects) {
            EndpointConfig device = DeviceProfile.read(object);
            if (!names.add(device.name())) {
                throw object.wrong("name", "is another device's too");
            }
            if (!requesters.add(device.requester().value())) {
                throw object.wrong("requester", "is another device's too");
            }
            devices.add(device);
        }
        return devices;
    }
}
