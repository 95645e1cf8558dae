package org.opensva.conformance.cli;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Algorithm;
import org.opensva.conformance.cli.words.Reason;
import org.opensva.conformance.cli.work.Secrets;
import org.opensva.conformance.cli.work.Task;
import org.opensva.conformance.cli.work.WorkRequest;

import picocli.CommandLine.Option;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;

/** The options of {@code run} that say how the work is done. */
final class RunOptions {

    private static final int MOST_QUEUES = 64;
    private static final int LONGEST_KEY = 1 << 13;
    private static final int LONGEST_SEGMENT = 1 << 24;

    @Option(
            names = "--window",
            paramLabel = "SIZE",
            converter = ByteSize.class,
            description = "Bytes given to the device at once, 4K to 256M (default: 1M).")
    private int window = 1 << 20;

    @Option(
            names = "--queues",
            paramLabel = "N",
            description = "Queues to open on each accelerator, 1 to 64 (default: 2).")
    private int queues = 2;

    @Option(
            names = "--depth",
            paramLabel = "N",
            description = "Jobs under way in each queue, 1 to 64 (default: 2).")
    private int depth = 2;

    @Option(
            names = "--level",
            paramLabel = "N",
            description = "Compression from 1, fast, to 9, small.")
    private @Nullable Integer level;

    @Option(
            names = "--key",
            paramLabel = "FILE",
            description =
                    "The key of aes-gcm, aes-ctr (16, 24 or 32 bytes) and hmac-*: the bytes of a"
                            + " file.")
    private @Nullable String key;

    @Option(
            names = "--iv",
            paramLabel = "HEX",
            converter = HexBytes.Reader.class,
            description =
                    "The IV: 12 bytes for aes-gcm, 16 for aes-ctr. By default a random one, which"
                            + " is written before the ciphertext and read there. Never encrypt"
                            + " twice with the same key and IV.")
    private @Nullable HexBytes iv;

    @Option(
            names = "--aad",
            paramLabel = "TEXT",
            description = "With aes-gcm: text that is authenticated and not encrypted.")
    private @Nullable String associated;

    @Option(
            names = {"-d", "--decrypt"},
            description = "With aes-gcm and aes-ctr: the way back.")
    private boolean decrypt;

    @Option(
            names = "--segment",
            paramLabel = "SIZE",
            converter = ByteSize.class,
            description =
                    "With aes-gcm: seal so many bytes at a time, 4K to 16M, instead of all as one"
                            + " message; for files of more than 16 MiB.")
    private @Nullable Integer segment;

    @Option(
            names = "--length",
            paramLabel = "SIZE",
            converter = DataLength.class,
            description = "With fill: how many bytes to write.")
    private @Nullable Long length;

    @Option(
            names = "--pattern",
            paramLabel = "HEX",
            converter = HexBytes.Reader.class,
            description = "With fill: 1, 2, 4 or 8 bytes, repeated (default: 00).")
    private @Nullable HexBytes pattern;

    /** Checks the options against the task, and reads the key. */
    WorkRequest request(Task task) {
        range("--queues", queues, MOST_QUEUES);
        range("--depth", depth, MOST_QUEUES);
        boolean cipher = task.shape() == Task.Shape.CIPHER;
        boolean gcm = task.algorithm() == Algorithm.AES_GCM && cipher;
        boolean fill = task.shape() == Task.Shape.FILL;
        only("--level", level, List.of("gzip", "zlib", "deflate").contains(task.id()), task);
        only("--key", key, task.needsKey(), task);
        only("--iv", iv, cipher, task);
        only("--aad", associated, gcm, task);
        only("--decrypt", decrypt ? task : null, cipher, task);
        only("--segment", segment, gcm, task);
        only("--length", length, fill, task);
        only("--pattern", pattern, fill, task);
        if (level != null) {
            range("--level", level, 9);
        }
        if (fill && length == null) {
            throw new UsageException("fill needs --length: how many bytes to write");
        }
        return new WorkRequest(
                task,
                window,
                queues,
                depth,
                level == null ? 0 : level,
                task.needsKey() ? secrets(task, gcm) : Secrets.none(),
                length == null ? 0 : length,
                pattern());
    }

    private static void range(String option, int value, int most) {
        if (value < 1 || value > most) {
            throw new UsageException("%s is %d, allowed: 1 to %d".formatted(option, value, most));
        }
    }

    private static void only(String option, @Nullable Object value, boolean fits, Task task) {
        if (value != null && !fits) {
            throw new UsageException("%s has no use for %s".formatted(task.id(), option));
        }
    }

    private Secrets secrets(Task task, boolean gcm) {
        byte[] bytes = keyBytes(task);
        if (task.shape() == Task.Shape.CIPHER) {
            if (bytes.length != 16 && bytes.length != 24 && bytes.length != 32) {
                throw new UsageException(
                        "a key for %s has 16, 24 or 32 bytes, '%s' has %d"
                                .formatted(task.id(), key, bytes.length));
            }
            int wanted = gcm ? 12 : 16;
            if (iv != null && iv.bytes().length != wanted) {
                throw new UsageException(
                        "an IV for %s has %d bytes, --iv has %d"
                                .formatted(task.id(), wanted, iv.bytes().length));
            }
        }
        if (segment != null && segment > LONGEST_SEGMENT) {
            throw new UsageException("--segment is above 16M");
        }
        return new Secrets(
                bytes,
                iv == null ? new byte[0] : iv.bytes(),
                associated == null ? new byte[0] : associated.getBytes(StandardCharsets.UTF_8),
                decrypt,
                segment == null ? 0 : segment);
    }

    private byte[] keyBytes(Task task) {
        String file = key;
        if (file == null) {
            throw new UsageException(task.id() + " needs --key: a file with the key");
        }
        try (InputStream in = Files.newInputStream(Input.path(file))) {
            byte[] bytes = in.readNBytes(LONGEST_KEY + 1);
            if (bytes.length == 0 || bytes.length > LONGEST_KEY) {
                throw new UsageException(
                        "the key '%s' is %s"
                                .formatted(file, bytes.length == 0 ? "empty" : "above 8 KiB"));
            }
            return bytes;
        } catch (IOException e) {
            throw new UsageException(
                    "cannot read the key '%s': %s".formatted(file, Reason.of(e)), e);
        }
    }

    private long pattern() {
        byte[] bytes = pattern == null ? new byte[1] : pattern.bytes();
        if (bytes.length > Long.BYTES || Integer.bitCount(bytes.length) != 1) {
            throw new UsageException("--pattern has 1, 2, 4 or 8 bytes, not " + bytes.length);
        }
        ByteBuffer all = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        while (all.hasRemaining()) {
            all.put(bytes);
        }
        return all.getLong(0);
    }
}
