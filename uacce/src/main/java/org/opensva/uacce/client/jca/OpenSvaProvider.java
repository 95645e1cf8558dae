package org.opensva.uacce.client.jca;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.Engine;
import org.opensva.api.accelerator.Operation;
import org.opensva.uacce.client.ContextPool;
import org.opensva.uacce.client.Placement;

import java.security.NoSuchAlgorithmException;
import java.security.Provider;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The security provider {@value #NAME}: standard algorithms, done by accelerators.
 *
 * <p>It offers what the devices of its pool, or the pool's declared software fallback, can do when
 * it is made. Hand it to {@code getInstance} as an object, or install it before the others with
 * {@link java.security.Security#insertProviderAt}: then a program that names no provider uses the
 * devices for what they can do, and the JDK's own for everything else (other curves, parameters and
 * keys, private keys that show no encoding). Engines that use the JDK are not sent back to it.
 * Names are those of the providers that are installed when it is made, aliases and object
 * identifiers included.
 *
 * <p>When the pool is closed, or the last device that does an algorithm has gone, no new objects
 * are made: a program that names no provider gets those of the next one. Objects that exist fail
 * with {@link java.security.ProviderException} then.
 */
public final class OpenSvaProvider extends Provider {

    /** The name of the provider. */
    public static final String NAME = "OpenSVA";

    private static final long serialVersionUID = 1L;

    private final transient ContextPool pool;
    private final transient Aliases aliases = new Aliases();

    private static final Map<Algorithm, String> DIGESTS =
            Map.ofEntries(
                    Map.entry(Algorithm.MD5, "MD5"),
                    Map.entry(Algorithm.SHA_1, "SHA-1"),
                    Map.entry(Algorithm.SHA_224, "SHA-224"),
                    Map.entry(Algorithm.SHA_256, "SHA-256"),
                    Map.entry(Algorithm.SHA_384, "SHA-384"),
                    Map.entry(Algorithm.SHA_512, "SHA-512"),
                    Map.entry(Algorithm.SHA_512_224, "SHA-512/224"),
                    Map.entry(Algorithm.SHA_512_256, "SHA-512/256"),
                    Map.entry(Algorithm.SHA3_224, "SHA3-224"),
                    Map.entry(Algorithm.SHA3_256, "SHA3-256"),
                    Map.entry(Algorithm.SHA3_384, "SHA3-384"),
                    Map.entry(Algorithm.SHA3_512, "SHA3-512"));

    /**
     * Makes the provider.
     *
     * @param pool who does the work
     */
    @SuppressWarnings("this-escape")
    public OpenSvaProvider(ContextPool pool) {
        super(NAME, "1.0", "algorithms done by accelerators that share virtual addresses");
        this.pool = pool;
        DIGESTS.forEach(this::digest);
        DIGESTS.forEach(this::mac);
        ciphers();
        for (SignatureKind kind : SignatureKind.values()) {
            signature(kind.standardName(), kind);
        }
        signature("EdDSA", SignatureKind.ED25519);
        agreement("ECDH", Algorithm.ECDH, "EC");
        agreement("X25519", Algorithm.X25519, "XDH");
        agreement("XDH", Algorithm.X25519, "XDH");
    }

    private void digest(Algorithm algorithm, String name) {
        Work work = new Work(algorithm, Set.of(Operation.DIGEST));
        add("MessageDigest", name, work, () -> new AcceleratedDigest(pool, algorithm));
    }

    private void mac(Algorithm algorithm, String digest) {
        String name = "Hmac" + (digest.startsWith("SHA-") ? "SHA" + digest.substring(4) : digest);
        Work work = new Work(algorithm, Set.of(Operation.MAC));
        add("Mac", name, work, () -> new AcceleratedMac(pool, algorithm));
    }

    private void ciphers() {
        blockMode("AES", BlockMode.ECB, true);
        for (BlockMode mode : BlockMode.values()) {
            blockMode("AES/" + mode + "/NoPadding", mode, false);
            if (mode != BlockMode.CTR) {
                blockMode("AES/" + mode + "/PKCS5Padding", mode, true);
            }
        }
        cipher("AES/GCM/NoPadding", Algorithm.AES_GCM, () -> new GcmCipher(pool));
        for (RsaPadding padding : RsaPadding.values()) {
            rsa("RSA/ECB/" + padding.standardName(), padding);
        }
        rsa("RSA", RsaPadding.PKCS1);
    }

    private void blockMode(String name, BlockMode mode, boolean padded) {
        cipher(name, mode.algorithm, () -> new BlockModeCipher(pool, mode, padded));
    }

    private void rsa(String name, RsaPadding padding) {
        cipher(name, padding.algorithm(), () -> new RsaCipher(pool, padding));
    }

    private void cipher(String name, Algorithm algorithm, Supplier<Object> maker) {
        Work work = new Work(algorithm, Set.of(Operation.ENCRYPT, Operation.DECRYPT));
        add("Cipher", name, work, maker);
    }

    private void signature(String name, SignatureKind kind) {
        Work work = new Work(kind.algorithm(), Set.of(Operation.SIGN, Operation.VERIFY));
        add("Signature", name, work, () -> new AcceleratedSignature(pool, kind));
    }

    private void agreement(String name, Algorithm algorithm, String keys) {
        Work work = new Work(algorithm, Set.of(Operation.AGREE));
        add("KeyAgreement", name, work, () -> new AcceleratedAgreement(pool, algorithm, keys));
    }

    private void add(String type, String name, Work work, Supplier<Object> maker) {
        if (work.isDone(pool)) {
            putService(new Made(this, type, name, aliases.of(type, name), work, maker));
        }
    }

    /** What somebody has to be able to do. */
    private record Work(Algorithm algorithm, Set<Operation> operations) {

        boolean isDone(ContextPool pool) {
            return operations.stream()
                    .allMatch(one -> pool.placement(one, algorithm) != Placement.NOBODY);
        }
    }

    /** A service whose objects know the pool. */
    private static final class Made extends Service {
        private static final StackWalker CALLERS =
                StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE);

        private final ContextPool pool;
        private final Work work;
        private final Supplier<Object> maker;

        Made(
                OpenSvaProvider provider,
                String type,
                String algorithm,
                List<String> aliases,
                Work work,
                Supplier<Object> maker) {
            super(provider, type, algorithm, Made.class.getName(), aliases, Map.of());
            this.pool = provider.pool;
            this.work = work;
            this.maker = maker;
        }

        @Override
        public Object newInstance(@Nullable Object parameter) throws NoSuchAlgorithmException {
            if (parameter != null) {
                throw new NoSuchAlgorithmException(getAlgorithm() + " takes no parameter");
            }
            if (isWithinAnEngine()) {
                throw new NoSuchAlgorithmException("an engine asks: it is to do the work itself");
            }
            if (!work.isDone(pool)) {
                // Whoever asked for no provider by name goes on to the next one.
                throw new NoSuchAlgorithmException(
                        "no device that is there does " + getAlgorithm());
            }
            return maker.get();
        }

        /**
         * An engine of a device in this process, or of the software fallback, may use the JDK's
         * algorithms, and these use each other: installed before the JDK's own providers, this one
         * would hand the work back to the device that is at it, without an end.
         */
        private static boolean isWithinAnEngine() {
            return CALLERS.walk(frames ->
                    frames.anyMatch(
                            frame -> Engine.class.isAssignableFrom(frame.getDeclaringClass())));
        }

        @Override
        public boolean supportsParameter(@Nullable Object parameter) {
            return true;
        }
    }
}
