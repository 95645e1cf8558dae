package org.opensva.uacce.engine;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.JobExecution;
import org.opensva.api.accelerator.JobParameters;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;

import java.security.DigestException;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;

import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Digests and HMACs, in one job or in a stream of several. */
final class Digester {

    private static final int LONGEST = 64;

    /** The longest key of a MAC: more than a block is hashed first (RFC 2104 section 2). */
    private static final int LONGEST_KEY = Parameters.LONGEST_OPERAND;

    /** A digest or MAC under way. */
    private abstract static class Hash extends Streams.Stream {

        final byte[] result = new byte[LONGEST];
        final int length;

        /** The result is there; only the destination was not. */
        boolean done;

        Hash(JobExecution job, int length) {
            super(job);
            this.length = length;
        }

        abstract void update(byte[] bytes, int from, int count);

        abstract void finish() throws GeneralSecurityException;

        abstract void reset();

        @Override
        void free() {
            reset();
            Arrays.fill(result, (byte) 0);
        }
    }

    private static final class Digest extends Hash {

        private final MessageDigest digest;

        Digest(JobExecution job, MessageDigest digest) {
            super(job, digest.getDigestLength());
            this.digest = digest;
        }

        @Override
        void update(byte[] bytes, int from, int count) {
            digest.update(bytes, from, count);
        }

        @Override
        void finish() throws DigestException {
            digest.digest(result, 0, length);
        }

        @Override
        void reset() {
            digest.reset();
            done = false;
        }
    }

    private static final class Keyed extends Hash {

        private final Mac mac;
        private final String name;

        Keyed(JobExecution job, Mac mac) {
            super(job, mac.getMacLength());
            this.mac = mac;
            name = mac.getAlgorithm();
        }

        void key(byte[] bytes, int count) throws InvalidKeyException {
            // An empty key is legal (RFC 2104), and equal to one zero byte: both are padded.
            SecretKeySpec key =
                    count == 0
                            ? new SecretKeySpec(new byte[1], name)
                            : new SecretKeySpec(bytes, 0, count, name);
            mac.init(key);
        }

        @Override
        void update(byte[] bytes, int from, int count) {
            mac.update(bytes, from, count);
        }

        @Override
        void finish() throws GeneralSecurityException {
            mac.doFinal(result, 0);
        }

        @Override
        void reset() {
            mac.reset();
            done = false;
        }
    }

    private final JobData data;
    private final Streams streams;
    private final Map<Algorithm, Digest> digests = new EnumMap<>(Algorithm.class);
    private final Map<Algorithm, Keyed> macs = new EnumMap<>(Algorithm.class);

    Digester(JobData data, Streams streams) {
        this.data = data;
        this.streams = streams;
    }

    void run(JobExecution job) throws GeneralSecurityException {
        boolean last = streams.last();
        Hash hash = open(job);
        if (hash == null) {
            data.complete(0, 0);
            return;
        }
        if (last && data.capacity() < hash.length) {
            data.fail(JobStatus.DESTINATION_FULL);
        } else if (hash.done && data.more()) {
            data.fail(JobStatus.BAD_DATA);
        } else {
            while (data.fill()) {
                hash.update(data.in, 0, data.inLimit);
                data.inPosition = data.inLimit;
            }
            if (last && !data.failed()) {
                finish(hash);
            }
        }
        settle(job, hash);
        data.complete(data.taken(), 0);
    }

    private void finish(Hash hash) throws GeneralSecurityException {
        if (!hash.done) {
            hash.finish();
            hash.done = true;
        }
        data.moved(data.writeAt(0, hash.result, 0, hash.length));
    }

    private void settle(JobExecution job, Hash hash) {
        if (streams.streaming()) {
            streams.settle(job);
        } else {
            // Nothing of a job that failed may be in the next one.
            hash.reset();
        }
    }

    private @Nullable Hash open(JobExecution job) throws GeneralSecurityException {
        boolean keyed = job.operation() == Operation.MAC;
        if (streams.streaming()) {
            return keyed
                    ? streams.open(job, Keyed.class, this::beginMac)
                    : streams.open(job, Digest.class, Digester::newDigest);
        }
        if (keyed) {
            Keyed mac = macs.get(job.algorithm());
            if (mac == null) {
                mac = newMac(job);
                macs.put(job.algorithm(), mac);
            }
            return key(mac) ? mac : null;
        }
        Digest digest = digests.get(job.algorithm());
        if (digest == null) {
            digest = newDigest(job);
            digests.put(job.algorithm(), digest);
        }
        // A job that ended in an exception has left what it had taken.
        digest.reset();
        return digest;
    }

    private @Nullable Keyed beginMac(JobExecution job) throws GeneralSecurityException {
        Keyed mac = newMac(job);
        return key(mac) ? mac : null;
    }

    private boolean key(Keyed mac) throws InvalidKeyException {
        int length = (int) Math.min(data.parameters.length(JobParameters.KEY), LONGEST_KEY);
        byte[] key = data.parameters.load(JobParameters.KEY, LONGEST_KEY);
        if (key == null) {
            return false;
        }
        mac.key(key, length);
        return true;
    }

    private static Digest newDigest(JobExecution job) throws GeneralSecurityException {
        return new Digest(job, MessageDigest.getInstance(digestName(job.algorithm())));
    }

    private static Keyed newMac(JobExecution job) throws GeneralSecurityException {
        String name = digestName(job.algorithm());
        // "SHA-256" is in "HmacSHA256", but "SHA3-256" in "HmacSHA3-256".
        String mac = "Hmac" + (name.startsWith("SHA-") ? "SHA" + name.substring(4) : name);
        return new Keyed(job, Mac.getInstance(mac));
    }

    /** The name in the Java Security Standard Algorithm Names. */
    static String digestName(Algorithm algorithm) {
        return switch (algorithm) {
            case MD5 -> "MD5";
            case SHA_1 -> "SHA-1";
            case SHA_224 -> "SHA-224";
            case SHA_256 -> "SHA-256";
            case SHA_384 -> "SHA-384";
            case SHA_512 -> "SHA-512";
            case SHA_512_224 -> "SHA-512/224";
            case SHA_512_256 -> "SHA-512/256";
            case SHA3_224 -> "SHA3-224";
            case SHA3_256 -> "SHA3-256";
            case SHA3_384 -> "SHA3-384";
            case SHA3_512 -> "SHA3-512";
            default -> throw new IllegalArgumentException(algorithm + " is no digest");
        };
    }
}
