package org.opensva.conformance.report.seal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

import java.util.SplittableRandom;

/** The examples of RFC 8785, and properties of the form. */
class CanonicalJsonTest {

    private static final JsonMapper JSON =
            JsonMapper.builder().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS).build();

    private static String canonical(String json) {
        return CanonicalJson.of(JSON.readTree(json));
    }

    /** Appendix B. */
    @ParameterizedTest
    @CsvSource({
        "0000000000000000, 0",
        "8000000000000000, 0",
        "0000000000000001, 5e-324",
        "8000000000000001, -5e-324",
        "7fefffffffffffff, 1.7976931348623157e+308",
        "ffefffffffffffff, -1.7976931348623157e+308",
        "4340000000000000, 9007199254740992",
        "c340000000000000, -9007199254740992",
        "4430000000000000, 295147905179352830000",
        "44b52d02c7e14af5, 9.999999999999997e+22",
        "44b52d02c7e14af6, 1e+23",
        "44b52d02c7e14af7, 1.0000000000000001e+23",
        "444b1ae4d6e2ef4e, 999999999999999700000",
        "444b1ae4d6e2ef4f, 999999999999999900000",
        "444b1ae4d6e2ef50, 1e+21",
        "3eb0c6f7a0b5ed8c, 9.999999999999997e-7",
        "3eb0c6f7a0b5ed8d, 0.000001",
        "41b3de4355555553, 333333333.3333332",
        "41b3de4355555554, 333333333.33333325",
        "41b3de4355555555, 333333333.3333333",
        "41b3de4355555556, 333333333.3333334",
        "41b3de4355555557, 333333333.33333343",
        "becbf647612f3696, -0.0000033333333333333333",
        "43143ff3c1cb0959, 1424953923781206.2",
    })
    void numbersAreWrittenAsEcmaScriptDoes(String bits, String text) {
        double value = Double.longBitsToDouble(Long.parseUnsignedLong(bits, 16));
        assertEquals(text, CanonicalNumber.of(value));
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
    void whatIsNoNumberOfJsonIsRefused(double value) {
        assertThrows(SealException.class, () -> CanonicalNumber.of(value));
    }

    @Test
    void everyNumberIsReadBackAndNoShorterTextWouldDo() {
        SplittableRandom random = new SplittableRandom(8785);
        for (int i = 0; i < 100_000; i++) {
            double value = Double.longBitsToDouble(random.nextLong());
            if (Double.isFinite(value)) {
                String text = CanonicalNumber.of(value);
                assertEquals(value, Double.parseDouble(text), text);
            }
        }
    }

    /** Section 3.2.2. */
    @Test
    void theSampleOfTheStandardIsWhatItSays() {
        assertEquals(
                "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,"
                        + "1e-27],\"string\":\"\u20ac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}",
                canonical(
                        """
                        {
                          "numbers": [333333333.33333329, 1E30, 4.50, 2e-3,
                                      0.000000000000000000000000001],
                          "string": "\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\"\\/",
                          "literals": [null, true, false]
                        }
                        """));
    }

    /** Section 3.2.3: by code units, so that a surrogate pair comes before U+FB33. */
    @Test
    void membersAreOrderedByCodeUnits() {
        assertEquals(
                "{\"\\r\":1,\"1\":2,\"\u0080\":3,\"\u00f6\":4,\"\u20ac\":5,\"\ud83d\ude00\":6,"
                        + "\"\ufb33\":7}",
                canonical(
                        """
                        {"\\u20ac":5, "\\r":1, "\\ufb33":7, "1":2, "\\ud83d\\ude00":6,
                         "\\u0080":3, "\\u00f6":4}
                        """));
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"\\ud800\"", "\"\\udc00\"", "[1e400]"})
    void whatHasNoFormIsRefusedInOneLine(String json) {
        SealException e = assertThrows(SealException.class, () -> canonical(json));
        assertEquals(1, String.valueOf(e.getMessage()).lines().count());
    }

    @Test
    void theFormOfTheFormIsItself() {
        String once = canonical("{\"b\":[1.0,{\"z\":null,\"a\":\"\\u0007\"}],\"a\":-0.0}");
        assertEquals(once, canonical(once));
        assertTrue(once.startsWith("{\"a\":0,\"b\":[1,{\"a\":\"\\u0007\""), once);
    }
}
