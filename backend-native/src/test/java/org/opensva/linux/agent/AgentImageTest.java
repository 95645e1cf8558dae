package org.opensva.linux.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.linux.abi.Architecture;

import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;

/** The bytes of the executable files. */
class AgentImageTest {

    private static String hex(byte[] bytes, int from, int to) {
        return HexFormat.of().formatHex(Arrays.copyOfRange(bytes, from, to));
    }

    private static String digest(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    @Test
    void theHeadersOfX86SayWhatIsLoadedWhere() {
        byte[] image = AgentImage.of(Architecture.X86_64);
        assertEquals(
                "7f454c46020101000000000000000000" // magic, class, data, version
                        + "02003e0001000000" // ET_EXEC, EM_X86_64
                        + "0001400000000000" // entry
                        + "40000000000000000000000000000000" // program headers, no sections
                        + "000000004000380003000000" // flags, header sizes, three program headers
                        + "00000000",
                hex(image, 0, 64));
        assertEquals("0100000005000000", hex(image, 64, 72), "code may be read and executed");
        assertEquals("0100000006000000", hex(image, 120, 128), "memory may not be executed");
        assertEquals("51e5746406000000", hex(image, 176, 184), "nor may the stack");
        assertEquals(256 + 774, image.length);
    }

    @Test
    void codeIsWhatWasAssembled() throws Exception {
        assertEquals(
                "6ba36acfa1b0563cb7c60fde54ed4f1e17546e1b0a2bd4b8cf9af37f6e48542f",
                digest(AgentImage.of(Architecture.X86_64)));
        assertEquals(
                "00eae7df840fd3b029d912ad8505cffb3f39185df3d346c931b47bf6d3358141",
                digest(AgentImage.of(Architecture.AARCH64)));
    }

    @Test
    void everyInstructionOfArmHasFourBytes() {
        long instructions =
                ArmCode.LISTING
                        .lines()
                        .filter(line -> !line.isBlank() && !line.endsWith(":"))
                        .peek(line -> assertTrue(line.matches("[0-9a-f]{8} .*"), line))
                        .count();
        assertEquals(4 * instructions, MachineCode.of(ArmCode.LISTING).length);
        assertEquals(183, AgentImage.of(Architecture.AARCH64)[18] & 0xff);
    }

    @Test
    void bothListingsHaveTheSameParts() {
        assertEquals(labels(X86Code.LISTING), labels(ArmCode.LISTING));
    }

    private static String labels(String listing) {
        return String.join(
                " ",
                listing.lines()
                        .filter(line -> line.endsWith(":"))
                        .filter(line -> !line.equals("copy:"))
                        .toList());
    }
}
