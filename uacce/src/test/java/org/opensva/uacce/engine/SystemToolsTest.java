package org.opensva.uacce.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobParameters;
import org.opensva.api.accelerator.Operation;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** The same data through the programs of the system, where it has them. */
class SystemToolsTest {

    private final EngineBench bench = new EngineBench(1 << 22);
    private final Random random = new Random(3);

    @TempDir private Path directory;
    private byte[] data = {};

    @BeforeEach
    void makeData() throws IOException {
        data = new byte[700_001];
        for (int i = 0; i < data.length; i++) {
            data[i] = (byte) (random.nextInt(6) == 0 ? random.nextInt(256) : i >> 9);
        }
        Files.write(directory.resolve("data"), data);
    }

    private byte[] tool(String... command) throws IOException, InterruptedException {
        boolean present =
                Arrays.stream(System.getenv().getOrDefault("PATH", "").split(":"))
                        .anyMatch(place -> Files.isExecutable(Path.of(place, command[0])));
        Assumptions.assumeTrue(present, command[0] + " is not here");
        Path output = directory.resolve("output");
        Process process =
                new ProcessBuilder(command)
                        .directory(directory.toFile())
                        .redirectOutput(output.toFile())
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .start();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), "the program does not end");
        assertEquals(0, process.exitValue(), String.join(" ", command));
        return Files.readAllBytes(output);
    }

    @Test
    void gzipReadsWhatTheEngineMakesAndTheOtherWayRound() throws Exception {
        Job pack = bench.transform(Operation.GZIP, Algorithm.NONE, data, 800_000);
        Files.write(directory.resolve("packed.gz"), bench.output(pack));
        assertArrayEquals(data, tool("gzip", "-dc", "packed.gz"));
        byte[] packed = tool("gzip", "-9c", "data");
        Job unpack = bench.transform(Operation.GUNZIP, Algorithm.NONE, packed, 800_000);
        assertArrayEquals(data, bench.output(unpack));
    }

    @Test
    void digestsAreThoseOfOpenSsl() throws Exception {
        for (Algorithm algorithm :
                List.of(
                        Algorithm.MD5,
                        Algorithm.SHA_1,
                        Algorithm.SHA_512_256,
                        Algorithm.SHA3_512)) {
            byte[] wanted = tool("openssl", "dgst", "-binary", "-" + algorithm.id(), "data");
            Job job = bench.clear().transform(Operation.DIGEST, algorithm, data, 64);
            assertArrayEquals(wanted, bench.output(job), algorithm.id());
        }
    }

    @Test
    void theDigestIsThatOfSha256sum() throws Exception {
        String line = new String(tool("sha256sum", "data"), StandardCharsets.US_ASCII);
        Job job = bench.transform(Operation.DIGEST, Algorithm.SHA_256, data, 32);
        assertEquals(line.substring(0, 64), HexFormat.of().formatHex(bench.output(job)));
    }

    @Test
    void ciphersAreThoseOfOpenSsl() throws Exception {
        byte[] key = new byte[32];
        byte[] iv = new byte[16];
        random.nextBytes(key);
        random.nextBytes(iv);
        byte[] plain = Arrays.copyOf(data, 700_000);
        Files.write(directory.resolve("plain"), plain);
        for (Algorithm mode : List.of(Algorithm.AES_ECB, Algorithm.AES_CBC, Algorithm.AES_CTR)) {
            List<String> command = new ArrayList<>(List.of("openssl", "enc", "-nopad"));
            command.add("-" + mode.id().replace("aes-", "aes-256-"));
            command.addAll(List.of("-K", HexFormat.of().formatHex(key), "-in", "plain"));
            if (mode != Algorithm.AES_ECB) {
                command.addAll(List.of("-iv", HexFormat.of().formatHex(iv)));
            }
            byte[] wanted = tool(command.toArray(String[]::new));
            bench.clear();
            JobParameters parameters =
                    JobParameters.EMPTY.withKey(bench.operand(key)).withIv(bench.operand(iv));
            assertArrayEquals(
                    wanted, bench.output(Operation.ENCRYPT, mode, plain, parameters), mode.id());
        }
    }
}
