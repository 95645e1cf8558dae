package org.opensva.uacce.client.examples;

import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.process.SvaProcess;
import org.opensva.uacce.client.Buffer;
import org.opensva.uacce.client.ContextPool;
import org.opensva.uacce.client.PoolConfig;
import org.opensva.uacce.client.jca.OpenSvaProvider;
import org.opensva.uacce.client.stream.AcceleratedCipherOutputStream;
import org.opensva.uacce.client.stream.AcceleratedGzipOutputStream;
import org.opensva.uacce.client.stream.BlockCipher;
import org.opensva.uacce.engine.StandardEngines;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.Security;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** What stands in the README, word for word. */
final class ReadmeExamples {

    private ReadmeExamples() {}

    static void compress(
            SvaProcess process, List<Accelerator> accelerators, InputStream from, OutputStream to)
            throws IOException {
        try (ContextPool pool = ContextPool.open(process, accelerators, PoolConfig.of("zip"));
                OutputStream out = new AcceleratedGzipOutputStream(to, pool)) {
            from.transferTo(out);
        }
    }

    static byte[] digest(SvaProcess process, List<Accelerator> accelerators, byte[] message)
            throws GeneralSecurityException {
        PoolConfig config = PoolConfig.of("digests").withSoftware(new StandardEngines());
        try (ContextPool pool = ContextPool.open(process, accelerators, config)) {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256", new OpenSvaProvider(pool));
            return sha256.digest(message);
        }
    }

    static void encrypt(ContextPool pool, byte[] key, byte[] iv, InputStream from, OutputStream to)
            throws IOException {
        BlockCipher cipher = BlockCipher.cbc(key, iv).withPadding();
        try (OutputStream out =
                new AcceleratedCipherOutputStream(to, pool, cipher, Operation.ENCRYPT)) {
            from.transferTo(out);
        }
    }

    static void install(ContextPool pool) {
        Security.insertProviderAt(new OpenSvaProvider(pool), 1);
    }

    static long sums(ContextPool pool, byte[] bytes) {
        Buffer buffer = pool.buffer(bytes.length);
        buffer.store(0, bytes, 0, bytes.length);
        int half = bytes.length / 2;
        CompletableFuture<JobResult> first = pool.submit(Job.crc32c(buffer.address(), half));
        CompletableFuture<JobResult> second =
                pool.submit(Job.crc32c(buffer.address() + half, bytes.length - half));
        CompletableFuture.allOf(first, second).whenComplete((done, failure) -> buffer.close());
        return first.join().value() ^ second.join().value();
    }
}
