package org.opensva.emulated.profile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.opensva.api.backend.BackendException;
import org.opensva.api.backend.Capability;
import org.opensva.emulated.kernel.paging.PagingMode;
import org.opensva.smmuv3.layout.IdRegisters.Idr0;
import org.opensva.smmuv3.model.SmmuProfile;
import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
import org.opensva.vtd.model.VtdProfile;

import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;

class ProfileReaderTest {

    private static final String WHOLE =
            """
            {"name": "mine", "title": "my machine", "memory": "64M", "pageSize": "16K", "levels": 4,
             "iommu": {"kind": "smmuv3"},
             "devices": [{"name": "zip-7", "requester": "1f:1e.7", "pasidBits": 12, "ats": true,
                          "pri": false, "stall": false, "atcEntries": 64,
                          "invalidateQueueDepth": 3, "outstandingPageRequests": 5}]}
            """;

    private static final String TWO_IOMMUS =
            """
            {"name": "two",
             "iommus": [{"kind": "smmuv3", "devices": ["zip-0"]},
                        {"kind": "smmuv3", "devices": ["dma-1", "dma-2"]}],
             "devices": [{"name": "zip-0", "requester": "01:00.0"},
                         {"name": "dma-1", "requester": "02:00.0"},
                         {"name": "dma-2", "requester": "02:00.1"}]}
            """;

    /** The only IOMMU of a machine. */
    private static IommuProfile iommu(MachineProfile profile) {
        assertEquals(1, profile.iommus().size());
        return profile.iommus().getFirst().profile();
    }

    private static String refused(String text) {
        String message =
                assertThrows(BackendException.class, () -> ProfileReader.read(text)).getMessage();
        assertEquals(1, message.lines().count(), message);
        return message;
    }

    @Test
    void aProfileSaysWhatAMachineIsMadeOf() {
        MachineProfile profile = ProfileReader.read(WHOLE);
        assertEquals("mine", profile.name());
        assertEquals("my machine", profile.title());
        assertEquals(64L << 20, profile.memory());
        assertEquals(PagingMode.ARM64_16K, profile.paging());
        assertEquals(new IommuProfile.Smmu(SmmuProfile.sva()), iommu(profile));
        var device = profile.devices().getFirst();
        assertEquals("zip-7", device.name());
        assertEquals(0x1f << 8 | 0x1e << 3 | 7, device.requester().value());
        assertEquals(12, device.pasidBits());
        assertTrue(device.ats());
        assertFalse(device.pri() || device.stall());
        assertEquals(64, device.atcEntries());
        assertEquals(3, device.invalidateQueueDepth());
        assertEquals(5, device.outstandingPageRequests());
    }

    @Test
    void whatIsNotNamedHasDefaults() {
        MachineProfile profile =
                ProfileReader.read(
                        """
                        {"name": "small", "iommu": {"kind": "smmuv3"},
                         "devices": [{"name": "zip-0", "requester": "01:00.0"}]}
                        """);
        assertEquals("small", profile.title());
        assertEquals(8L << 30, profile.memory());
        assertEquals(PagingMode.ARM64_4K, profile.paging());
        var device = profile.devices().getFirst();
        assertEquals(20, device.pasidBits());
        assertTrue(device.ats() && device.pri());
        assertEquals(4096, device.atcEntries());
    }

    @Test
    void whatComesWithTheBackendIsReadTheSameWay() {
        List<MachineProfile> all = BuiltInProfiles.all();
        assertEquals("smmuv3", all.getFirst().name());
        assertEquals(all.size(), all.stream().map(MachineProfile::name).distinct().count());
        for (MachineProfile profile : all) {
            assertTrue(profile.devices().size() >= 2, profile::name);
            assertTrue(profile.capabilities().contains(Capability.TWO_DEVICES));
            assertEquals(
                    profile.name().equals("smmuv3-narrow"),
                    profile.capabilities().contains(Capability.PASID_LIMIT));
        }
    }

    @Test
    void theMachineWithBroadcastsIsTheDefaultOneInEverythingElse() {
        MachineProfile broadcasts =
                BuiltInProfiles.all().stream()
                        .filter(profile -> profile.name().equals("smmuv3-btm"))
                        .findFirst()
                        .orElseThrow();
        SmmuProfile base = SmmuProfile.sva();
        assertEquals(
                new IommuProfile.Smmu(
                        base.withIdentification(
                                base.idr0() | Idr0.BTM.mask(),
                                base.idr1(),
                                base.idr3(),
                                base.idr5(),
                                base.iidr(),
                                base.aidr())),
                iommu(broadcasts));
        assertEquals(BuiltInProfiles.all().getFirst().devices(), broadcasts.devices());
    }

    @Test
    void devicesAreBehindTheIommuThatNamesThem() {
        MachineProfile profile = ProfileReader.read(TWO_IOMMUS);
        assertEquals(2, profile.iommus().size());
        assertEquals(List.of(0, 1, 1), profile.devices().stream().map(profile::iommuOf).toList());
        assertTrue(profile.capabilities().contains(Capability.SECOND_IOMMU));
        assertFalse(ProfileReader.read(WHOLE).capabilities().contains(Capability.SECOND_IOMMU));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"kind\": \"smmuv3\", \"devices\": [\"zip-0\"]| \"kind\": \"vtd\", \"devices\":"
                        + " [\"zip-0\"]| profile, iommus 1: 'kind' is not that of the others, which"
                        + " walk the same tables",
                "[\"zip-0\"]|[\"zip-1\"]"
                        + "| profile, iommus 0: 'devices' names 'zip-1', which is no device",
                "[\"dma-1\", \"dma-2\"]|[\"dma-1\"]"
                        + "| profile, devices 2: 'name' is in none of the 'iommus'",
                "[\"dma-1\", \"dma-2\"]|[\"dma-1\", \"zip-0\"]"
                        + "| profile, iommus 1: 'devices' names 'zip-0' twice",
                "[\"dma-1\", \"dma-2\"]|[]"
                        + "| profile, iommus 1: 'devices' is not an array of 1 to 16 strings",
                "[\"dma-1\", \"dma-2\"]|[7]"
                        + "| profile, iommus 1: 'devices' is not an array of 1 to 16 strings",
                "\"iommus\"|\"iommu\": {\"kind\": \"smmuv3\"}, \"iommus\""
                        + "| profile: 'iommu' and 'iommus' exclude each other",
            })
    void iommusThatMakeNoSenseAreRefused(String sound, String broken, String message) {
        assertTrue(TWO_IOMMUS.contains(sound), sound);
        assertEquals(message, refused(TWO_IOMMUS.replaceFirst(Pattern.quote(sound), broken)));
    }

    @Test
    void aClaimAboutDevicesHoldsForEachOfThem() {
        MachineProfile mixed =
                ProfileReader.read(
                        """
                        {"name": "mixed", "iommu": {"kind": "smmuv3"},
                         "devices": [{"name": "zip-0", "requester": "01:00.0"},
                                     {"name": "zip-1", "requester": "01:00.1", "ats": false,
                                      "stall": true, "pasidBits": 3}]}
                        """);
        assertTrue(mixed.capabilities().contains(Capability.DEMAND_PAGING));
        assertTrue(mixed.capabilities().contains(Capability.PASID_LIMIT));
        for (Capability claim : List.of(Capability.ATS, Capability.PRI, Capability.STALL)) {
            assertFalse(mixed.capabilities().contains(claim), claim::toString);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "\"mine\"|\"Mine\"|'name' is not lower case letters, digits and hyphens",
                "\"mine\"|7|'name' is not a string",
                "\"name\": \"mine\",||'name' is missing",
                "my machine|my\\nmachine|'title' is not one line",
                "\"64M\"|\"64Q\"|'memory' is not from '1M' to '4T'",
                "\"64M\"|\"512K\"|'memory' is not from '1M' to '4T'",
                "\"64M\"|\"9223372036854775807T\"|'memory' is not from '1M' to '4T'",
                "\"16K\"|\"8K\"|'pageSize' is none of '4K', '16K' and '64K'",
                "\"levels\": 4|\"levels\": 3|'levels' must be 4",
                "\"levels\": 4|\"levels\": 4000000000|'levels' is not an integer from 3 to 5",
                "\"levels\": 4|\"levles\": 4|'levles' is not a field of it",
                "\"smmuv3\"|\"smmuv2\"|iommu: 'kind' is n",
                "{\"kind\": \"smmuv3\"}|3|'iommu' is not an object",
                "\"kind\": \"smmuv3\"|\"kind\": \"smmuv3\", \"profile\": {\"IDR0\": {\"X\":"
                        + " 1}}|IDR0.X",
                "zip-7|zip7|devices 0: 'name' is not a driver's name, a hyphen and a number",
                "1f:1e.7|1f:2e.7|devices 0: 'requester' is not like '01:00.0', bus first",
                "\"pasidBits\": 12|\"pasidBits\": 21|'pasidBits' is not an integer from 0 to 20",
                "\"ats\": true|\"ats\": 1|'ats' is neither true nor false",
                "\"ats\": true|\"ats\": false, \"pri\": true|not JSON: line 4",
                "\"stall\": false|\"stall\": true|'stall' and 'ats' exclude each other",
                "\"atcEntries\": 64|\"atcEntries\": 63|'atcEntries' is not a power of two",
                "\"atcEntries\": 64|\"x\": 0|'x' is not a field of it",
                "[{|[],\"x\":[{|'devices' is not an array of 1 to 16 objects",
                "[{|[3,{|'devices' is not an array of objects",
            })
    void aWrongFieldIsNamedInOneLine(String before, String after, String complaint) {
        assertTrue(WHOLE.contains(before), before);
        String message = refused(WHOLE.replace(before, after == null ? "" : after));
        assertTrue(message.contains(complaint), message);
        assertTrue(message.startsWith("profile"), message);
    }

    @Test
    void aVtdHasTheTablesOfX86AndWhatIsNamedOfItChanges() {
        String machine =
                """
                {"name": "x", "levels": %s, "iommu": {"kind": "vtd", "profile": %s},
                 "devices": [{"name": "zip-0", "requester": "01:00.0"}]}
                """;
        MachineProfile five = ProfileReader.read(machine.formatted("5", "{}"));
        assertEquals(PagingMode.X86_64_5LEVEL, five.paging());
        assertEquals(new IommuProfile.Vtd(VtdProfile.sva()), iommu(five));
        MachineProfile four =
                ProfileReader.read(
                        machine.formatted(
                                "4",
                                """
                                {"CAP": {"FS5LP": false, "NFR": 3}, "ECAP": {"PSS": 11},
                                 "iotlbEntries": 64, "deviceTlbTimeoutMillis": 5}
                                """));
        assertEquals(PagingMode.X86_64_4LEVEL, four.paging());
        VtdProfile unit = ((IommuProfile.Vtd) iommu(four)).profile();
        VtdProfile base = VtdProfile.sva();
        assertEquals(Cap.NFR.set(Cap.FS5LP.set(base.capability(), 0), 3), unit.capability());
        assertEquals(Ecap.PSS.set(base.extendedCapability(), 11), unit.extendedCapability());
        assertEquals(64, unit.iotlbEntries());
        assertEquals(5_000_000, unit.deviceTlbTimeoutNanos());
        String whole = "{\"ECAP\": \"0x%x\"}".formatted(base.extendedCapability());
        assertEquals(iommu(five), iommu(ProfileReader.read(machine.formatted("5", whole))));
        for (String[] wrong :
                new String[][] {
                    {"5", "{\"CAP\": {\"FS5LP\": 0}}", "'profile' cannot walk"},
                    {"3", "{}", "'levels' must be 4 or 5"},
                    {"4", "{\"CAP\": {\"FS6LP\": 0}}", "CAP: 'FS6LP' is no field"},
                    {"4", "{\"CAP\": {\"NFR\": 256}}", "'NFR' is not a number from 0 to 255"},
                    {"4", "{\"CAP\": 12}", "'CAP' is not an object"},
                    {"4", "{\"CAP\": \"12\"}", "'CAP' is not 0x and 1 to 16"},
                    {"4", "{\"ECAP\": {\"PRS\": 0, \"PDS\": 0}}", "'pri' needs an IOMMU"},
                    {"4", "{\"iotlbEntries\": 63}", "iotlbEntries"},
                    {"4", "{\"ECAP\": {\"PASID\": 0, \"QI\": 0}}", "profile, iommu, profile: "},
                }) {
            String message = refused(machine.formatted(wrong[0], wrong[1]));
            assertTrue(message.contains(wrong[2]), message);
        }
        assertTrue(
                refused(machine.formatted("4, \"pageSize\": \"16K\"", "{}"))
                        .contains("'pageSize' of x86-64"));
    }

    @Test
    void namesAndPlacesOfDevicesAreTheirOwn() {
        String one = "{\"name\": \"zip-0\", \"requester\": \"01:00.0\"}";
        String two = "{\"name\": \"zip-1\", \"requester\": \"01:00.0\"}";
        String start = "{\"name\": \"x\", \"iommu\": {\"kind\": \"smmuv3\"}, \"devices\": [" + one;
        assertTrue(refused(start + "," + one + "]}").contains("devices 1: 'name' is another"));
        assertTrue(refused(start + "," + two + "]}").contains("'requester' is another"));
    }

    @Test
    void whatTheIommuCannotAnswerNoDeviceMayAsk() {
        String machine =
                """
                {"name": "x", "iommu": {"kind": "smmuv3", "profile": {
                   "IDR0": {"S1P": 1, "TTF": 2, "TTENDIAN": 2, "STALL_MODEL": 1, "ST_LEVEL": 1,
                            "COHACC": 1, "ASID16": 1},
                   "IDR1": {"SIDSIZE": 16, "SSIDSIZE": 20, "CMDQS": 8, "EVENTQS": 8},
                   "IDR5": {"OAS": 5, "GRAN4K": 1}}},
                 "devices": [{"name": "zip-0", "requester": "01:00.0", %s}]}
                """;
        assertTrue(refused(machine.formatted("\"ats\": true")).contains("'ats' needs an IOMMU"));
        assertTrue(
                refused(machine.formatted("\"ats\": false, \"stall\": true"))
                        .contains("'stall' needs an SMMUv3"));
        ProfileReader.read(machine.formatted("\"ats\": false"));
        assertTrue(
                refused(
                                machine.replace(
                                                "{\"name\": \"x\"",
                                                "{\"name\": \"x\", \"pageSize\": \"64K\"")
                                        .formatted("\"ats\": false"))
                        .contains("'profile' cannot walk"));
    }

    @Test
    void nonsenseIsRefusedInOneLine() {
        for (String text :
                List.of(
                        "",
                        "[]",
                        "3",
                        "{",
                        "{}x",
                        "nul",
                        "{\"a\":1,\"a\":2}",
                        "[".repeat(100000))) {
            refused(text);
        }
        Random random = new Random(3);
        for (int i = 0; i < 3000; i++) {
            StringBuilder text = new StringBuilder(WHOLE);
            for (int n = random.nextInt(4); n >= 0; n--) {
                int at = random.nextInt(text.length());
                switch (random.nextInt(3)) {
                    case 0 -> text.deleteCharAt(at);
                    case 1 -> text.insert(at, (char) (random.nextInt(96) + 32));
                    default -> text.setCharAt(at, (char) random.nextInt(256));
                }
            }
            try {
                ProfileReader.read(text.toString());
            } catch (BackendException e) {
                assertEquals(1, e.getMessage().lines().count(), e::getMessage);
            }
        }
    }
}
