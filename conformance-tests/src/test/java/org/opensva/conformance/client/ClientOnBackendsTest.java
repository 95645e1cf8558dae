package org.opensva.conformance.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.opentelemetry.api.OpenTelemetry;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.Job;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.api.backend.BackendProvider;
import org.opensva.api.backend.BackendVariant;
import org.opensva.api.backend.Capability;
import org.opensva.api.process.Advice;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.uacce.client.Buffer;
import org.opensva.uacce.client.ClientException;
import org.opensva.uacce.client.ClientException.Reason;
import org.opensva.uacce.client.ContextPool;
import org.opensva.uacce.client.PoolConfig;
import org.opensva.uacce.client.jca.OpenSvaProvider;
import org.opensva.uacce.client.session.DigestSession;
import org.opensva.uacce.client.session.DigestStream;
import org.opensva.uacce.client.stream.AcceleratedGzipInputStream;
import org.opensva.uacce.client.stream.AcceleratedGzipOutputStream;
import org.opensva.uacce.client.stream.StreamConfig;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.MessageDigest;
import java.util.Map;
import java.util.Random;
import java.util.zip.GZIPInputStream;

class ClientOnBackendsTest {

    private static final int LENGTH = 700_000;

    private static Backend open(String name) {
        BackendCatalog catalog = BackendCatalog.load(ClientOnBackendsTest.class.getClassLoader());
        for (BackendProvider provider : catalog.providers()) {
            for (BackendVariant variant : provider.variants()) {
                if (name.equals(provider.name() + ":" + variant.name())) {
                    assumeTrue(variant.available(), variant.reason());
                }
            }
        }
        return catalog.open(name, Map.of(), OpenTelemetry.noop());
    }

    private static ContextPool pool(Backend backend, SvaProcess process) {
        return ContextPool.open(process, backend.accelerators(), PoolConfig.of("test"));
    }

    private static byte[] text(int length) {
        byte[] bytes = new byte[length];
        Random random = new Random(length);
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) ('a' + random.nextInt(9));
        }
        return bytes;
    }

    private static int free(Backend backend) {
        return backend.accelerators().stream().mapToInt(Accelerator::availableInstances).sum();
    }

    /** Everything a program does in one go, on memory that is reclaimed again and again. */
    @ParameterizedTest
    @ValueSource(strings = {"emulated:smmuv3", "emulated:vtd", "emulated:vtd-nopri", "native:host"})
    void streamsAndDigestsComeOutRight(String name) throws Exception {
        try (Backend backend = open(name);
                SvaProcess process = backend.processes().spawn("program");
                ContextPool pool = pool(backend, process)) {
            byte[] bytes = text(LENGTH);
            ByteArrayOutputStream zipped = new ByteArrayOutputStream();
            StreamConfig config = new StreamConfig(1 << 14, 6, false);
            try (OutputStream out = new AcceleratedGzipOutputStream(zipped, pool, config, 1)) {
                out.write(bytes);
            }
            byte[] small = zipped.toByteArray();
            try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(small))) {
                assertArrayEquals(bytes, in.readAllBytes());
            }
            try (InputStream in =
                    new AcceleratedGzipInputStream(new ByteArrayInputStream(small), pool)) {
                assertArrayEquals(bytes, in.readAllBytes());
            }
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
            OpenSvaProvider provider = new OpenSvaProvider(pool);
            assertArrayEquals(digest, MessageDigest.getInstance("SHA-256", provider).digest(bytes));
        }
    }

    /** Pages that are gone when the device comes: requested, or fetched by the process. */
    @ParameterizedTest
    @ValueSource(strings = {"emulated:smmuv3", "emulated:vtd-nopri", "native:host"})
    void memoryThatWasReclaimedIsBroughtBack(String name) {
        try (Backend backend = open(name);
                SvaProcess process = backend.processes().spawn("program");
                ContextPool pool = pool(backend, process)) {
            assumeTrue(backend.descriptor().claims(Capability.PAGEOUT), "nothing is reclaimed");
            byte[] bytes = text(200_000);
            long memory = process.mmap(MapRequest.anonymous(bytes.length));
            process.store(memory, bytes);
            long target = process.mmap(MapRequest.anonymous(bytes.length));
            for (int round = 0; round < 5; round++) {
                process.madvise(memory, bytes.length, Advice.PAGEOUT);
                assertTrue(pool.run(Job.copy(memory, target, bytes.length)).succeeded());
                assertArrayEquals(bytes, process.load(target, bytes.length));
                process.madvise(target, bytes.length, Advice.PAGEOUT);
            }
        }
    }

    /** The parent forks in the midst of a stream; the child works for itself; both come out. */
    @ParameterizedTest
    @ValueSource(strings = {"emulated:smmuv3", "emulated:vtd", "emulated:vtd-nopri", "native:host"})
    void aForkInTheMidstOfAStreamDisturbsNeither(String name) throws Exception {
        try (Backend backend = open(name);
                SvaProcess process = backend.processes().spawn("program")) {
            assumeTrue(backend.descriptor().claims(Capability.FORK), "no fork");
            int all = free(backend);
            try (ContextPool pool = pool(backend, process)) {
                byte[] bytes = text(LENGTH);
                ByteArrayOutputStream zipped = new ByteArrayOutputStream();
                StreamConfig config = new StreamConfig(1 << 14, 6, false);
                SvaProcess child = null;
                ContextPool inherited = null;
                try (OutputStream out = new AcceleratedGzipOutputStream(zipped, pool, config, 1);
                        DigestSession session = new DigestSession(pool, Algorithm.SHA_256);
                        DigestStream digest = session.begin()) {
                    out.write(bytes, 0, LENGTH / 2);
                    digest.update(bytes, 0, LENGTH / 2);
                    child = process.fork();
                    inherited = pool.inheritedBy(child);
                    ContextPool theirs = inherited;
                    ClientException refused =
                            assertThrows(ClientException.class, () -> theirs.run(Job.nop()));
                    assertEquals(Reason.FORKED, refused.reason());
                    theirs.reopen();
                    assertArrayEquals(
                            MessageDigest.getInstance("SHA-512").digest(bytes),
                            new DigestSession(theirs, Algorithm.SHA_512).digest(bytes));
                    out.write(bytes, LENGTH / 2, LENGTH - LENGTH / 2);
                    digest.update(bytes, LENGTH / 2, LENGTH - LENGTH / 2);
                    assertArrayEquals(
                            MessageDigest.getInstance("SHA-256").digest(bytes), digest.finish());
                } finally {
                    if (inherited != null) {
                        inherited.close();
                    }
                    if (child != null) {
                        child.close();
                    }
                }
                try (InputStream in =
                        new GZIPInputStream(new ByteArrayInputStream(zipped.toByteArray()))) {
                    assertArrayEquals(bytes, in.readAllBytes());
                }
            }
            assertEquals(all, free(backend), "every queue is back");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"emulated:smmuv3", "emulated:vtd", "native:host"})
    void execAndExitInTheMidstOfAStreamEndItWithAReason(String name) {
        try (Backend backend = open(name);
                SvaProcess process = backend.processes().spawn("program")) {
            int all = free(backend);
            try (ContextPool pool = pool(backend, process)) {
                if (backend.descriptor().claims(Capability.EXEC)) {
                    assertTrue(failure(pool, process::exec).contains("exec"));
                    pool.reopen();
                    assertTrue(pool.run(Job.nop()).succeeded());
                }
                assertTrue(failure(pool, () -> process.exit(0)).contains("ended"));
            }
            assertEquals(all, free(backend));
        }
    }

    private static String failure(ContextPool pool, Runnable trouble) {
        StreamConfig config = new StreamConfig(1 << 12, 4, true);
        IOException failed =
                assertThrows(
                        IOException.class,
                        () -> {
                            try (OutputStream out =
                                    new AcceleratedGzipOutputStream(
                                            OutputStream.nullOutputStream(), pool, config, 1)) {
                                out.write(new byte[20_000]);
                                trouble.run();
                                out.write(new byte[200_000]);
                            }
                        });
        return String.valueOf(failed.getMessage());
    }

    /** Queues, descriptors and memory, after a thousand of everything. */
    @ParameterizedTest
    @ValueSource(strings = {"emulated:smmuv3", "emulated:vtd"})
    void nothingIsLeftAfterAThousandPools(String name) {
        try (Backend backend = open(name);
                SvaProcess process = backend.processes().spawn("program")) {
            int all = free(backend);
            long here = process.mmap(MapRequest.anonymous(1));
            process.munmap(here, 1);
            PoolConfig config = PoolConfig.of("test").withContexts(1, 2);
            for (int i = 0; i < 1000; i++) {
                try (ContextPool pool =
                        ContextPool.open(process, backend.accelerators().subList(0, 1), config)) {
                    Buffer buffer = i % 2 == 0 ? pool.buffer(100) : pool.secretBuffer(100);
                    assertTrue(pool.run(Job.crc32c(buffer.address(), 100)).succeeded());
                    if (i % 3 == 0) {
                        buffer.close();
                    }
                }
            }
            assertEquals(all, free(backend));
        }
    }
}
