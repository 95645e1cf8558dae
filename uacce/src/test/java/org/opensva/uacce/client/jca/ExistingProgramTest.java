package org.opensva.uacce.client.jca;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.opensva.uacce.client.Bench;
import org.opensva.uacce.client.ContextPool;
import org.opensva.uacce.client.PoolConfig;
import org.opensva.uacce.engine.StandardEngines;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.security.Security;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.NamedParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

import javax.crypto.Cipher;
import javax.crypto.CipherInputStream;
import javax.crypto.CipherOutputStream;
import javax.crypto.KeyAgreement;
import javax.crypto.Mac;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.OAEPParameterSpec;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.PSource;
import javax.crypto.spec.SecretKeySpec;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/** A program that was written for the JDK, and one line before it. */
class ExistingProgramTest {

    private static final byte[] TEXT =
            "what a program has to say ".repeat(600).getBytes(StandardCharsets.US_ASCII);

    private static final KeyPair RSA = rsa();

    /** The line. */
    private static <T> T accelerated(ContextPool pool, Callable<T> program) throws Exception {
        Security.insertProviderAt(new OpenSvaProvider(pool), 1);
        try {
            return program.call();
        } finally {
            Security.removeProvider(OpenSvaProvider.NAME);
        }
    }

    // ---- the program, in which no provider is named

    private static Map<String, String> program() throws Exception {
        Map<String, String> told = new TreeMap<>();
        for (String name : List.of("MD5", "SHA-1", "SHA-256", "SHA-512/256", "SHA3-384")) {
            MessageDigest digest = MessageDigest.getInstance(name);
            try (InputStream in = new DigestInputStream(new ByteArrayInputStream(TEXT), digest)) {
                in.transferTo(OutputStream.nullOutputStream());
            }
            told.put(name, HexFormat.of().formatHex(digest.digest()));
        }
        byte[] key = new byte[32];
        key[3] = 7;
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        told.put("hmac", HexFormat.of().formatHex(mac.doFinal(TEXT)));
        told.put("pbkdf2", HexFormat.of().formatHex(password()));
        for (String name :
                List.of("AES", "AES/CBC/PKCS5Padding", "AES/CTR/NoPadding", "AES/GCM/NoPadding")) {
            told.put(name, stream(name, key));
        }
        told.put("agreement", agreement());
        told.put("wrapped", wrapped());
        told.put("signatures", signatures());
        return told;
    }

    private static byte[] password() throws Exception {
        PBEKeySpec spec = new PBEKeySpec("secret".toCharArray(), new byte[16], 50, 256);
        return SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
                .generateSecret(spec)
                .getEncoded();
    }

    private static Cipher cipher(String name, int mode, byte[] key) throws Exception {
        Cipher cipher = Cipher.getInstance(name);
        SecretKeySpec aes = new SecretKeySpec(key, "AES");
        if (name.contains("GCM")) {
            cipher.init(mode, aes, new GCMParameterSpec(128, new byte[12]));
        } else if (name.contains("C")) {
            cipher.init(mode, aes, new IvParameterSpec(new byte[16]));
        } else {
            cipher.init(mode, aes);
        }
        return cipher;
    }

    private static String stream(String name, byte[] key) throws Exception {
        if (name.equals("AES")) {
            Cipher plain = Cipher.getInstance(name);
            plain.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "AES"));
            return Base64.getEncoder().encodeToString(plain.doFinal(TEXT));
        }
        ByteArrayOutputStream made = new ByteArrayOutputStream();
        try (OutputStream out =
                new CipherOutputStream(made, cipher(name, Cipher.ENCRYPT_MODE, key))) {
            out.write(TEXT);
        }
        try (InputStream in =
                new CipherInputStream(
                        new ByteArrayInputStream(made.toByteArray()),
                        cipher(name, Cipher.DECRYPT_MODE, key))) {
            assertArrayEquals(TEXT, in.readAllBytes());
        }
        return Base64.getEncoder().encodeToString(made.toByteArray());
    }

    private static String agreement() throws Exception {
        StringBuilder agreed = new StringBuilder();
        for (NamedParameterSpec curve :
                List.of(NamedParameterSpec.X25519, NamedParameterSpec.X448)) {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("XDH");
            generator.initialize(curve);
            agreed.append(agree("XDH", generator));
        }
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp384r1"));
        return agreed.append(agree("ECDH", generator)).toString();
    }

    private static boolean agree(String name, KeyPairGenerator generator) throws Exception {
        KeyPair one = generator.generateKeyPair();
        KeyPair other = generator.generateKeyPair();
        return MessageDigest.isEqual(agree(name, one, other), agree(name, other, one));
    }

    private static byte[] agree(String name, KeyPair own, KeyPair peer) throws Exception {
        KeyAgreement agreement = KeyAgreement.getInstance(name);
        agreement.init(own.getPrivate());
        agreement.doPhase(peer.getPublic(), true);
        return agreement.generateSecret();
    }

    private static String wrapped() throws Exception {
        KeyPair pair = keys("RSA");
        StringBuilder opened = new StringBuilder();
        OAEPParameterSpec same =
                new OAEPParameterSpec(
                        "SHA-256", "MGF1", MGF1ParameterSpec.SHA256, PSource.PSpecified.DEFAULT);
        for (String name :
                List.of(
                        "RSA",
                        "RSA/ECB/PKCS1Padding",
                        "RSA/ECB/OAEPPadding",
                        "RSA/ECB/OAEPWithSHA-256AndMGF1Padding",
                        "RSA/ECB/OAEPWithSHA-512AndMGF1Padding")) {
            Cipher cipher = Cipher.getInstance(name);
            boolean told = name.contains("256");
            if (told) {
                cipher.init(Cipher.WRAP_MODE, pair.getPublic(), same);
            } else {
                cipher.init(Cipher.WRAP_MODE, pair.getPublic());
            }
            byte[] locked = cipher.wrap(new SecretKeySpec(new byte[16], "AES"));
            Cipher back = Cipher.getInstance(name);
            if (told) {
                back.init(Cipher.UNWRAP_MODE, pair.getPrivate(), same);
            } else {
                back.init(Cipher.UNWRAP_MODE, pair.getPrivate());
            }
            opened.append(back.unwrap(locked, "AES", Cipher.SECRET_KEY).getEncoded().length);
        }
        return opened.toString();
    }

    /** RSA keys cost a second each: one will do. */
    private static KeyPair keys(String name) throws Exception {
        return name.equals("RSA") ? RSA : KeyPairGenerator.getInstance(name).generateKeyPair();
    }

    private static KeyPair rsa() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(2048);
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String signatures() throws Exception {
        StringBuilder good = new StringBuilder();
        for (String[] kind :
                new String[][] {
                    {"SHA256withRSA", "RSA"},
                    {"SHA1withRSA", "RSA"},
                    {"RSASSA-PSS", "RSA"},
                    {"SHA384withECDSA", "EC"},
                    {"SHA256withECDSAinP1363Format", "EC"},
                    {"Ed25519", "Ed25519"},
                    {"EdDSA", "Ed448"}
                }) {
            KeyPair pair = keys(kind[1]);
            Signature signer = Signature.getInstance(kind[0]);
            signer.initSign(pair.getPrivate());
            parameters(signer, kind[0]);
            signer.update(TEXT);
            byte[] signature = signer.sign();
            Signature verifier = Signature.getInstance(kind[0]);
            verifier.initVerify(
                    KeyFactory.getInstance(kind[1])
                            .generatePublic(new X509EncodedKeySpec(pair.getPublic().getEncoded())));
            parameters(verifier, kind[0]);
            verifier.update(TEXT);
            good.append(verifier.verify(signature));
        }
        return good.toString();
    }

    private static void parameters(Signature signature, String name) throws Exception {
        if (name.equals("RSASSA-PSS")) {
            signature.setParameter(
                    new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, 32, 1));
        }
    }

    // ---- the end of the program

    @Test
    void aProgramForTheJdkDoesTheSameOnDevicesWithOneLineMore() throws Exception {
        Map<String, String> plain = program();
        try (Bench bench = new Bench(2);
                ContextPool pool = bench.pool()) {
            assertEquals(plain, accelerated(pool, ExistingProgramTest::program));
            assertTrue(pool.statistics().jobs() > 40, pool.statistics()::toString);
        }
        assertEquals(plain, program(), "and without it again");
    }

    @Test
    void itDoesTheSameWhereSoftwareStandsInForADevice() throws Exception {
        Map<String, String> plain = program();
        try (Bench bench = new Bench(0)) {
            PoolConfig config = Bench.config().withSoftware(new StandardEngines());
            try (ContextPool pool = ContextPool.open(bench.process, List.of(), config)) {
                assertEquals(plain, accelerated(pool, ExistingProgramTest::program));
            }
        }
    }

    @Test
    void aTlsConnectionOfTheJdkIsMadeWithDevices(@TempDir Path folder) throws Exception {
        KeyStore keys = keys(folder.resolve("keys.p12"));
        try (Bench bench = new Bench(2);
                ContextPool pool = bench.pool()) {
            for (String version : List.of("TLSv1.3", "TLSv1.2")) {
                long before = pool.statistics().jobs();
                byte[] echoed = accelerated(pool, () -> echo(keys, version));
                assertArrayEquals(TEXT, echoed);
                assertTrue(pool.statistics().jobs() - before > 20, version);
            }
        }
    }

    private static KeyStore keys(Path file) throws Exception {
        Process made =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "keytool")
                                        .toString(),
                                "-genkeypair",
                                "-alias",
                                "here",
                                "-keyalg",
                                "EC",
                                "-groupname",
                                "secp256r1",
                                "-dname",
                                "CN=localhost",
                                "-ext",
                                "SAN=ip:127.0.0.1",
                                "-storepass",
                                "changeit",
                                "-keystore",
                                file.toString())
                        .redirectErrorStream(true)
                        .start();
        assertTrue(made.waitFor(60, TimeUnit.SECONDS));
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            store.load(in, "changeit".toCharArray());
        }
        return store;
    }

    private static byte[] echo(KeyStore keys, String version) throws Exception {
        KeyManagerFactory own = KeyManagerFactory.getInstance("PKIX");
        own.init(keys, "changeit".toCharArray());
        TrustManagerFactory trusted = TrustManagerFactory.getInstance("PKIX");
        trusted.init(keys);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(own.getKeyManagers(), trusted.getTrustManagers(), new SecureRandom());
        try (SSLServerSocket server =
                (SSLServerSocket)
                        context.getServerSocketFactory()
                                .createServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            FutureTask<Void> answer =
                    new FutureTask<>(() -> {
                        try (SSLSocket socket = (SSLSocket) server.accept()) {
                            byte[] got = socket.getInputStream().readNBytes(TEXT.length);
                            socket.getOutputStream().write(got);
                            socket.getOutputStream().flush();
                            return null;
                        }
                    });
            Thread.ofPlatform().daemon().start(answer);
            try (SSLSocket socket =
                    (SSLSocket)
                            context.getSocketFactory()
                                    .createSocket(
                                            InetAddress.getLoopbackAddress(),
                                            server.getLocalPort())) {
                socket.setSoTimeout(30_000);
                socket.setEnabledProtocols(new String[] {version});
                socket.getOutputStream().write(TEXT);
                socket.getOutputStream().flush();
                assertEquals(version, socket.getSession().getProtocol());
                byte[] back = socket.getInputStream().readNBytes(TEXT.length);
                answer.get(30, TimeUnit.SECONDS);
                return back;
            }
        }
    }
}
