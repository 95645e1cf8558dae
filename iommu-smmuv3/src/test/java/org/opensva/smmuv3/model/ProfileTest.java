package org.opensva.smmuv3.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.opensva.smmuv3.layout.Field;
import org.opensva.smmuv3.layout.IdRegisters.Idr0;
import org.opensva.smmuv3.layout.IdRegisters.Idr1;
import org.opensva.smmuv3.layout.IdRegisters.Idr3;
import org.opensva.smmuv3.layout.IdRegisters.Idr5;
import org.opensva.smmuv3.layout.Structure;

import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What the identification registers claim is a value that people write down and read back. */
class ProfileTest {

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private static SmmuProfile read(String json) {
        return ProfileDocument.read(JSON.readValue(json, new TypeReference<>() {}));
    }

    private static List<SmmuProfile> profiles() {
        return List.of(
                SmmuProfile.sva(), SmmuProfile.nested(), SmmuProfile.sva().withCaches(8, 4, 1));
    }

    /** A profile that claims everything that is wanted, with one register replaced by fields. */
    private static String withClaims(String claims) {
        Map<String, Object> document = ProfileDocument.write(SmmuProfile.nested());
        Map<String, Object> more = JSON.readValue(claims, new TypeReference<>() {});
        more.forEach((register, value) ->
                document.merge(
                        register,
                        value,
                        (old, now) -> {
                            if (!(now instanceof Map<?, ?> fields)) {
                                return now;
                            }
                            Map<Object, Object> both = new LinkedHashMap<>((Map<?, ?>) old);
                            both.putAll(fields);
                            return both;
                        }));
        return JSON.writeValueAsString(document);
    }

    @Test
    void aProfileIsWrittenByFieldNamesAndReadBackAsTheSame() {
        for (SmmuProfile profile : profiles()) {
            String json = JSON.writeValueAsString(ProfileDocument.write(profile));
            assertEquals(profile, read(json));
        }
    }

    @Test
    void aProfileIsAlsoReadAsARecordOfRegisterWords() {
        for (SmmuProfile profile : profiles()) {
            String json = JSON.writeValueAsString(profile);
            assertEquals(profile, JSON.readValue(json, SmmuProfile.class), json);
        }
    }

    @Test
    void wordsFieldsNumbersAndTextMayBeMixed() {
        SmmuProfile profile =
                read(
                        """
                        {"IDR0": {"S1P": true, "TTF": 2, "TTENDIAN": "2", "STALL_MODEL": "0x1",
                                  "ST_LEVEL": 1},
                         "IDR1": "0x02730010", "IDR5": {"OAS": 5, "GRAN4K": 1},
                         "AIDR": 1, "iotlbEntries": 4096}
                        """);
        assertEquals(0x0940000aL, profile.idr0());
        assertEquals(0x02730010L, profile.idr1());
        assertEquals(0, profile.idr3());
        assertEquals(0x15, profile.idr5());
        assertEquals(4096, profile.iotlbEntries());
        assertEquals(SmmuProfile.sva().walkCacheEntries(), profile.walkCacheEntries());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "{\"IDR0\":{\"ATS\":0,\"ATSRECERR\":0}} | IDR0.PRI needs IDR0.ATS",
                "{\"IDR0\":{\"ATS\":0,\"PRI\":0}} | IDR0.ATSRECERR needs IDR0.ATS",
                "{\"IDR0\":{\"S2P\":0,\"NS1ATS\":1}} | IDR0.NS1ATS needs IDR0.ATS, IDR0.S1P and"
                        + " IDR0.S2P",
                "{\"IDR0\":{\"S1P\":0,\"S2P\":0}} | IDR0.S1P or IDR0.S2P must be 1: no stage is"
                        + " claimed",
                "{\"IDR0\":{\"S1P\":0}} | IDR3.HAD needs IDR0.S1P",
                "{\"IDR0\":{\"ST_LEVEL\":0}} | IDR0.ST_LEVEL is 0, but IDR1.SIDSIZE of 7 or more"
                        + " needs two levels",
                "{\"IDR0\":{\"STALL_MODEL\":1}} | IDR5.STALL_MAX is RES0 where IDR0.STALL_MODEL is"
                        + " 1",
                "{\"IDR5\":{\"STALL_MAX\":0}} | IDR5.STALL_MAX is 0, but IDR0.STALL_MODEL claims"
                        + " stalls",
                "{\"IDR0\":{\"TTF\":3}} | IDR0.TTF must be 2, VMSAv8-64 tables only",
                "{\"IDR0\":{\"S2P\":0,\"VMW\":1}} | IDR0.VMW needs IDR0.S2P",
                "{\"IDR0\":{\"S2P\":0,\"Hyp\":1}} | IDR0.Hyp needs IDR0.S1P and IDR0.S2P",
                "{\"IDR0\":{\"VATOS\":1,\"ATOS\":0}} | IDR0.VATOS needs IDR0.ATOS, IDR0.S1P and"
                        + " IDR0.S2P",
                "{\"IDR1\":{\"SSIDSIZE\":21}} | IDR1.SSIDSIZE is 21, must be at most 20",
                "{\"IDR1\":{\"SSIDSIZE\":32}} | IDR1.SSIDSIZE is 32, must be at most 31",
                "{\"IDR1\":{\"SIDSIZE\":33}} | IDR1.SIDSIZE is 33, must be at most 32",
                "{\"IDR1\":{\"CMDQS\":20}} | IDR1.CMDQS is 20, must be at most 19",
                "{\"IDR1\":{\"REL\":1}} | IDR1.REL needs IDR1.TABLES_PRESET or IDR1.QUEUES_PRESET",
                "{\"IDR0\":{\"MSI\":0},\"IDR1\":{\"ECMDQ\":1}} | IDR1.ECMDQ needs IDR0.COHACC and"
                        + " IDR0.MSI, and no IDR1.QUEUES_PRESET",
                "{\"IDR3\":{\"BBML\":3}} | IDR3.BBML is 3, must be at most 2",
                "{\"IDR3\":{\"S2PO\":1}} | IDR3.S2PO needs IDR3.S2PI",
                "{\"IDR5\":{\"GRAN4K\":0,\"GRAN16K\":0,\"GRAN64K\":0}} | IDR5.GRAN4K or another"
                        + " granule must be claimed",
                "{\"IDR5\":{\"DS\":1}} | IDR5.DS needs IDR5.VAX, and IDR5.GRAN4K or IDR5.GRAN16K",
                "{\"IDR0\":{\"PRO\":1}} | IDR0.PRO: the register has no such field",
                "{\"IDR0\":{\"S1P\":2}} | IDR0.S1P is 2, must be at most 1",
                "{\"IDR0\":{\"S1P\":\"yes\"}} | IDR0.S1P: yes is no number from 0 on",
                "{\"IDR0\":{\"S1P\":null}} | IDR0.S1P: null is no number from 0 on",
                "{\"IDR0\":{\"S1P\":-1}} | IDR0.S1P: -1 is no number from 0 on",
                "{\"IDR0\":{\"S1P\":1.5}} | IDR0.S1P: 1.5 is no number from 0 on",
                "{\"IDR0\":[1]} | IDR0: [1] is no number from 0 on",
                "{\"IDR0\":2235568155} | IDR0 bit 31 is reserved",
                "{\"IDR3\":64} | IDR3 bit 6 is reserved",
                "{\"IDR0\":\"0x100000000\"} | IDR0 has 32 bits",
                "{\"IDR7\":0} | IDR7: a profile has no such entry",
                "{\"iotlbEntries\":5} | iotlbEntries is 5, must be a power of two and at least 4",
                "{\"iotlbEntries\":99999999999} | iotlbEntries is 99999999999, must be at most"
                        + " 2^24",
                "{\"atcTimeoutNanos\":0} | atcTimeoutNanos must be positive",
                "{\"PMCG_CFGR\":{\"SIZE\":30}} | PMCG_CFGR.SIZE is 30, must be 31, 35, 39, 43, 47"
                        + " or 63",
                "{\"PMCG_CFGR\":{\"MPAM\":1}} | PMCG_CFGR.MPAM is claimed, but the model does not"
                        + " implement it",
                "{\"PMCG_CFGR\":{\"SIZE\":51}} | PMCG_CFGR.SIZE is 51, must be 31, 35, 39, 43, 47"
                        + " or 63",
                "{\"AIDR\":16} | AIDR.ArchMajorRev is 1, must be at most 0",
                "{\"AIDR\":5} | AIDR.ArchMinorRev is 5, must be at most 4",
                "{\"IIDR\":\"0x100000000\"} | IIDR has 32 bits",
                "{\"IDR0\":{\"ST_LEVEL\":0},\"IDR1\":{\"SIDSIZE\":7}} | IDR0.ST_LEVEL is 0, but"
                        + " IDR1.SIDSIZE of 7 or more needs two levels",
                "{\"IDR0\":{\"S1P\":0,\"Hyp\":1}} | IDR0.Hyp needs IDR0.S1P and IDR0.S2P",
                "{\"IDR0\":{\"PRI\":0},\"IDR3\":{\"PPS\":1}} | IDR3.PPS needs IDR0.PRI and"
                        + " IDR1.SSIDSIZE",
                "{\"IDR5\":{\"OAS\":6,\"GRAN64K\":0,\"VAX\":0,\"DS\":0}} | IDR5.OAS of 52 bits"
                        + " needs IDR5.GRAN64K or IDR5.DS",
                "{\"IDR5\":{\"VAX\":1,\"GRAN64K\":0}} | IDR5.VAX needs IDR5.GRAN64K or IDR5.DS",
                "{\"IDR3\":{\"THE\":1}} | IDR3.THE needs IDR0.S1P, and with IDR0.S2P also IDR3.S2PI"
            })
    void aClaimThatCannotBeIsRefusedInOneLineThatNamesTheField(String claims, String message) {
        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> read(withClaims(claims)));
        assertEquals(message, refused.getMessage());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"AIDR\":4}",
                "{\"IIDR\":\"0xffffffff\"}",
                "{\"IDR0\":{\"ST_LEVEL\":0},\"IDR1\":{\"SIDSIZE\":6}}",
                "{\"IDR0\":{\"Hyp\":1}}",
                "{\"IDR3\":{\"PPS\":1}}",
                "{\"IDR5\":{\"OAS\":6,\"GRAN64K\":1,\"DS\":0}}",
                "{\"IDR5\":{\"OAS\":6,\"GRAN64K\":0,\"DS\":1,\"VAX\":1}}",
                "{\"IDR5\":{\"VAX\":1,\"GRAN64K\":1}}"
            })
    void aClaimThatCanBeIsTaken(String claims) {
        SmmuProfile profile = read(withClaims(claims));
        assertEquals(profile, read(JSON.writeValueAsString(ProfileDocument.write(profile))));
    }

    @Test
    void aWordThatIsTooLongIsRefused() {
        SmmuProfile sva = SmmuProfile.sva();
        ProfileRules rules = new ProfileRules(sva.idr0(), sva.idr1(), sva.idr3(), sva.idr5());
        rules.checkSense(0xffff_ffffL, sva.aidr());
        IllegalArgumentException refused =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> rules.checkSense(1L << 32, sva.aidr()));
        assertEquals("IIDR has 32 bits", refused.getMessage());
    }

    @Test
    void everyFieldThatTheModelDoesNotDoIsRefusedByItsName() {
        SmmuProfile base = SmmuProfile.nested();
        List<String> refusedFields = new ArrayList<>();
        for (int register : new int[] {0, 1, 3, 5}) {
            for (Field field : structure(register).fields()) {
                long[] words = {base.idr0(), base.idr1(), base.idr3(), base.idr5()};
                int at = register == 5 ? 3 : register == 3 ? 2 : register;
                if (field.width() > 1 || field.isSet(words[at])) {
                    continue;
                }
                words[at] |= field.mask();
                try {
                    SmmuProfile more =
                            base.withIdentification(words[0], words[1], words[2], words[3], 0, 2);
                    assertTrue(
                            CLAIMED_ELSEWHERE.contains(field),
                            field.name() + " is let through: " + more);
                } catch (IllegalArgumentException e) {
                    String message = String.valueOf(e.getMessage());
                    assertTrue(
                            message.startsWith("IDR" + register + "." + field.name() + " "),
                            message);
                    assertFalse(message.contains("\n"), message);
                    refusedFields.add(field.name());
                }
            }
        }
        assertTrue(refusedFields.size() > 10, refusedFields.toString());
    }

    /** Fields of one bit that the model does, but that SmmuProfile.nested() does not claim. */
    private static final List<Field> CLAIMED_ELSEWHERE =
            List.of(
                    Idr0.NS1ATS,
                    Idr0.TERM_MODEL,
                    Idr0.BTM,
                    Idr0.HYP,
                    Idr1.ATTR_TYPES_OVR,
                    Idr3.PPS,
                    Idr3.FWB,
                    Idr3.STT,
                    Idr3.E0PD,
                    Idr3.PTWNNC,
                    Idr3.EPAN,
                    Idr5.DS);

    private static Structure structure(int register) {
        return Stream.of(Idr0.STRUCTURE, Idr1.STRUCTURE, Idr3.STRUCTURE, Idr5.STRUCTURE)
                .filter(s -> s.name().endsWith(String.valueOf(register)))
                .findFirst()
                .orElseThrow();
    }
}
