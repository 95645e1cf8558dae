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
import java.util.Objects;
import java.util.function.Function;

/**
 * The security provider {@value #NAME}: standard algorithms, done by accelerators.
 *
 * <p>It offers what the devices of its pool, or the pool's declared software fallback, can do when
 * it is made. Hand it to {@code getInstance} as an object, or install it before the others with
 * {@link java.security.Security#insertProviderAt}: then a program that names no provider uses the
 * devices for what they can do, and the JDK's own for everything else (other curves, parameters and
 * keys, private keys that show no encoding). Engines that use the JDK are not sent back to it.
 * Closing the pool makes its objects fail with {@link java.security.ProviderException}.
 */
public final class OpenSvaProvider extends Provider {

    /** The name of the provider. */
    public static final String NAME = "OpenSVA";

    private static final long serialVersionUID = 1L;

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
        if (can(pool, Operation.DIGEST)) {
            DIGESTS.forEach((algorithm, name) -> digest(pool, algorithm, name));
        }
        if (can(pool, Operation.MAC)) {
            DIGESTS.forEach((algorithm, name) -> mac(pool, algorithm, name));
        }
        if (can(pool, Operation.ENCRYPT) && can(pool, Operation.DECRYPT)) {
            ciphers(pool);
        }
        if (can(pool, Operation.SIGN) && can(pool, Operation.VERIFY)) {
            for (SignatureKind kind : SignatureKind.values()) {
                add("Signature", kind.standardName(), p -> new AcceleratedSignature(pool, kind));
            }
            add("Signature", "EdDSA", p -> new AcceleratedSignature(pool, SignatureKind.ED25519));
        }
        if (can(pool, Operation.AGREE)) {
            add("KeyAgreement", "ECDH", p -> new AcceleratedAgreement(pool, Algorithm.ECDH, "EC"));
            add(
                    "KeyAgreement",
                    "X25519",
                    p -> new AcceleratedAgreement(pool, Algorithm.X25519, "XDH"));
            add(
                    "KeyAgreement",
                    "XDH",
                    p -> new AcceleratedAgreement(pool, Algorithm.X25519, "XDH"));
        }
    }

    private static boolean can(ContextPool pool, Operation operation) {
        return pool.placement(operation) != Placement.NOBODY;
    }

    private void digest(ContextPool pool, Algorithm algorithm, String name) {
        add("MessageDigest", name, p -> new AcceleratedDigest(pool, algorithm));
    }

    private void mac(ContextPool pool, Algorithm algorithm, String digest) {
        String name = "Hmac" + (digest.startsWith("SHA-") ? "SHA" + digest.substring(4) : digest);
        add("Mac", name, p -> new AcceleratedMac(pool, algorithm));
    }

    private void ciphers(ContextPool pool) {
        add("Cipher", "AES", p -> new BlockModeCipher(pool, BlockMode.ECB, true));
        add("Cipher", "AES/ECB/NoPadding", p -> new BlockModeCipher(pool, BlockMode.ECB, false));
        add("Cipher", "AES/ECB/PKCS5Padding", p -> new BlockModeCipher(pool, BlockMode.ECB, true));
        add("Cipher", "AES/CBC/NoPadding", p -> new BlockModeCipher(pool, BlockMode.CBC, false));
        add("Cipher", "AES/CBC/PKCS5Padding", p -> new BlockModeCipher(pool, BlockMode.CBC, true));
        add("Cipher", "AES/CTR/NoPadding", p -> new BlockModeCipher(pool, BlockMode.CTR, false));
        add("Cipher", "AES/GCM/NoPadding", p -> new GcmCipher(pool));
        for (RsaPadding padding : RsaPadding.values()) {
            add("Cipher", "RSA/ECB/" + padding.standardName(), p -> new RsaCipher(pool, padding));
        }
        add("Cipher", "RSA", p -> new RsaCipher(pool, RsaPadding.PKCS1));
    }

    private void add(String type, String algorithm, Function<@Nullable Object, Object> maker) {
        putService(new Made(this, type, algorithm, maker));
    }

    /** A service whose objects know the pool. */
    private static final class Made extends Service {
        private static final StackWalker CALLERS =
                StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE);

        private final Function<@Nullable Object, Object> maker;

        Made(
                Provider provider,
                String type,
                String algorithm,
                Function<@Nullable Object, Object> maker) {
            super(provider, type, algorithm, Made.class.getName(), List.of(), Map.of());
            this.maker = Objects.requireNonNull(maker);
        }

        @Override
        public Object newInstance(@Nullable Object parameter) throws NoSuchAlgorithmException {
            if (parameter != null) {
                throw new NoSuchAlgorithmException(getAlgorithm() + " takes no parameter");
            }
            if (isWithinAnEngine()) {
                throw new NoSuchAlgorithmException("an engine asks: it is to do the work itself");
            }
            return maker.apply(null);
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
