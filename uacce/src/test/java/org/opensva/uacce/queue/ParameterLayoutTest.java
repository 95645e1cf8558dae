package org.opensva.uacce.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.JobFlags;
import org.opensva.api.accelerator.JobParameters;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operand;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.accelerator.ScatterList;

import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;

/** What programs have in memory, byte for byte: it may grow, and never change. */
class ParameterLayoutTest {

    @Test
    void aParameterBlockHasEachFieldAtItsPlace() {
        JobParameters parameters =
                JobParameters.EMPTY
                        .withSession(0xab)
                        .withOptions(JobParameters.END | JobParameters.NEXT_IV)
                        .withValue(0x0102030405060708L)
                        .withKey(new Operand(0x1112131415161718L, 0x21))
                        .withIv(new Operand(0x3132333435363738L, 0x41))
                        .withAssociated(new Operand(0x5152535455565758L, 0x61))
                        .withTag(new Operand(0x7172737475767778L, 0x10))
                        .withDictionary(new Operand(0x0a0b0c0d0e0f1011L, 0x7fffffffffffffffL));
        assertEquals(
                "25000000ab000000"
                        + "0807060504030201"
                        + "1817161514131211"
                        + "2100000000000000"
                        + "3837363534333231"
                        + "4100000000000000"
                        + "5857565554535251"
                        + "6100000000000000"
                        + "7877767574737271"
                        + "1000000000000000"
                        + "11100f0e0d0c0b0a"
                        + "ffffffffffffff7f"
                        + "00".repeat(32),
                HexFormat.of().formatHex(parameters.encode()));
        assertThrows(IllegalArgumentException.class, () -> JobParameters.EMPTY.withSession(256));
        assertThrows(IllegalArgumentException.class, () -> new Operand(0, -1));
    }

    @Test
    void aListHasAnAddressAndALengthForEachPiece() {
        ScatterList list =
                new ScatterList(List.of(new Operand(0x0102030405060708L, 9), new Operand(-1, 0)));
        assertEquals(
                "0807060504030201" + "0900000000000000" + "ff".repeat(8) + "00".repeat(8),
                HexFormat.of().formatHex(list.encode()));
        assertEquals(32, list.size());
    }

    @Test
    void optionsAndFlagsAreBitsOfTheirOwn() {
        int[] options = {
            JobParameters.SESSION,
            JobParameters.BEGIN,
            JobParameters.END,
            JobParameters.SYNC_FLUSH,
            JobParameters.FULL_FLUSH,
            JobParameters.NEXT_IV,
            JobParameters.PLAIN_SIGNATURE
        };
        for (int i = 0; i < options.length; i++) {
            assertEquals(1 << i, options[i]);
        }
        assertEquals((1 << options.length) - 1, JobParameters.OPTIONS);
        int[] flags = {
            JobFlags.SOURCE_LIST, JobFlags.DESTINATION_LIST, JobFlags.PARAMETERS, JobFlags.FENCE
        };
        for (int i = 0; i < flags.length; i++) {
            assertEquals(1 << i, flags[i]);
        }
        assertEquals((1 << flags.length) - 1, JobFlags.ALL);
    }

    @Test
    void everyNumberAndNameMeansOneThing() {
        Set<Object> seen = new HashSet<>();
        for (Algorithm algorithm : Algorithm.values()) {
            assertTrue(seen.add(algorithm.code()) && seen.add(algorithm.id()), algorithm.id());
            assertTrue(!algorithm.operations().isEmpty(), algorithm.id());
        }
        seen.clear();
        for (Operation operation : Operation.values()) {
            assertTrue(seen.add(operation.code()) && seen.add(operation.id()), operation.id());
        }
        for (JobStatus status : JobStatus.values()) {
            assertEquals(status, JobStatus.ofCode(status.code()));
        }
        assertEquals(0x010c, Algorithm.SHA3_512.code());
        assertEquals(0x0205, Algorithm.AES_XTS.code());
        assertEquals(0x0305, Algorithm.RSA_OAEP_SHA_512.code());
        assertEquals(0x0421, Algorithm.ED25519.code());
        assertEquals(0x0502, Algorithm.X25519.code());
        assertEquals(24, Operation.AGREE.code());
    }
}
