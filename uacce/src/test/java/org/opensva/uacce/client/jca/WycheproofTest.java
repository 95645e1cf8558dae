package org.opensva.uacce.client.jca;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Test;
import org.opensva.uacce.client.Bench;
import org.opensva.uacce.client.ContextPool;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPrivateKeySpec;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.NamedParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.PSSParameterSpec;
import java.security.spec.X509EncodedKeySpec;
import java.security.spec.XECPrivateKeySpec;
import java.security.spec.XECPublicKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

import javax.crypto.Cipher;
import javax.crypto.KeyAgreement;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.OAEPParameterSpec;
import javax.crypto.spec.PSource;
import javax.crypto.spec.SecretKeySpec;

/**
 * The attacks that Project Wycheproof collects, against the provider. Its tables are not part of
 * this project, and no registry of Java artifacts has them: {@code -Dopensva.wycheproof=DIR} says
 * where a checkout has its folder {@code testvectors_v1}.
 */
class WycheproofTest {

    private static final String WHERE = "opensva.wycheproof";

    private final Map<String, Integer> done = new TreeMap<>();
    private final Map<String, String> skipped = new TreeMap<>();
    private final List<String> wrong = new ArrayList<>();
    private OpenSvaProvider ours;

    /** What a group of a table says, and one test of it. */
    private record Case(Map<String, Object> group, Map<String, Object> test) {

        String text(String name) {
            Object value = test.containsKey(name) ? test.get(name) : group.get(name);
            return value == null ? "" : value.toString();
        }

        byte[] bytes(String name) {
            return HexFormat.of().parseHex(text(name));
        }

        int number(String name) {
            return ((Double) group.get(name)).intValue();
        }

        String of(String object, String name) {
            return ((Map<?, ?>) group.get(object)).get(name).toString();
        }
    }

    /** Does a test; true if the attack was let through, or the good case was done. */
    private interface Try {
        boolean accepts(Case one) throws GeneralSecurityException;
    }

    @Test
    void noAttackOfTheCollectionSucceedsAndNoGoodCaseFails() throws Exception {
        String folder = System.getProperty(WHERE);
        assumeTrue(folder != null, "-D" + WHERE + " names no tables");
        try (Bench bench = new Bench(1);
                ContextPool pool = bench.pool();
                Stream<Path> files = Files.list(Path.of(folder))) {
            ours = new OpenSvaProvider(pool);
            for (Path file : files.sorted().toList()) {
                table(file);
            }
            done.forEach((name, count) -> System.out.println(count + " " + name));
            skipped.forEach((name, why) -> System.out.println("- " + name + ": " + why));
        }
        assertEquals(List.of(), wrong.subList(0, Math.min(20, wrong.size())));
        assertTrue(done.values().stream().mapToInt(n -> n).sum() > 5000, done::toString);
    }

    private void table(Path file) throws IOException {
        String name = file.getFileName().toString().replace("_test.json", "");
        Try how = how(name);
        if (how == null) {
            return;
        }
        Map<?, ?> table = (Map<?, ?>) JsonText.read(Files.readString(file));
        for (Object group : (List<?>) table.get("testGroups")) {
            @SuppressWarnings("unchecked")
            Map<String, Object> fields = (Map<String, Object>) group;
            for (Object test : (List<?>) fields.get("tests")) {
                @SuppressWarnings("unchecked")
                Map<String, Object> one = (Map<String, Object>) test;
                one(name, how, new Case(fields, one));
            }
        }
    }

    private void one(String name, Try how, Case one) {
        boolean accepted;
        try {
            accepted = how.accepts(one);
        } catch (Unsupported e) {
            skipped.merge(name, e.getMessage(), (a, b) -> a);
            return;
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            accepted = false;
        }
        done.merge(name, 1, Integer::sum);
        String result = one.text("result");
        if (!result.equals("acceptable") && accepted != result.equals("valid")) {
            wrong.add(name + " " + one.test());
        }
    }

    /** What the provider does not offer. */
    private static final class Unsupported extends GeneralSecurityException {
        private static final long serialVersionUID = 1;

        Unsupported(String message) {
            super(message);
        }
    }

    private Try how(String name) {
        if (name.startsWith("hmac_sha")) {
            return one -> hmac(macName(name.substring(5)), one);
        }
        if (name.matches("ecdh_secp(256|384|521)r1")) {
            return this::ecdh;
        }
        if (name.matches("ecdsa_secp(256|384|521)r1_sha(256|384|512)(_p1363)?")) {
            String format = name.endsWith("p1363") ? "inP1363Format" : "";
            return one -> verify(digest(one) + "withECDSA" + format, "EC", one);
        }
        if (name.matches("rsa_signature_\\d+_sha(256|384|512)")) {
            return one -> verify(digest(one) + "withRSA", "RSA", one);
        }
        if (name.matches("rsa_pss_\\d+_sha\\d+_mgf1_\\d+|rsa_pss_misc")) {
            return this::pss;
        }
        if (name.startsWith("rsa_oaep_")) {
            return this::oaep;
        }
        return switch (name) {
            case "aes_gcm" -> this::gcm;
            case "aes_cbc_pkcs5" -> this::cbc;
            case "x25519" -> this::x25519;
            case "ed25519" -> one -> verify("Ed25519", "Ed25519", one);
            case "rsa_pkcs1_2048", "rsa_pkcs1_3072", "rsa_pkcs1_4096" -> this::pkcs1;
            default -> null;
        };
    }

    private static String digest(Case one) {
        return one.text("sha").replace("-", "");
    }

    private static boolean same(byte[] made, byte[] wanted) {
        return MessageDigest.isEqual(made, wanted);
    }

    private static byte[] join(byte[] one, byte[] other) {
        byte[] both = Arrays.copyOf(one, one.length + other.length);
        System.arraycopy(other, 0, both, one.length, other.length);
        return both;
    }

    private boolean gcm(Case one) throws GeneralSecurityException {
        SecretKeySpec key = new SecretKeySpec(one.bytes("key"), "AES");
        GCMParameterSpec spec = new GCMParameterSpec(one.number("tagSize"), one.bytes("iv"));
        byte[] wanted = join(one.bytes("ct"), one.bytes("tag"));
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding", ours);
        cipher.init(Cipher.DECRYPT_MODE, key, spec);
        cipher.updateAAD(one.bytes("aad"));
        if (!same(cipher.doFinal(wanted), one.bytes("msg"))) {
            return false;
        }
        cipher.init(Cipher.ENCRYPT_MODE, key, spec);
        cipher.updateAAD(one.bytes("aad"));
        return same(cipher.doFinal(one.bytes("msg")), wanted);
    }

    private boolean cbc(Case one) throws GeneralSecurityException {
        SecretKeySpec key = new SecretKeySpec(one.bytes("key"), "AES");
        Cipher cipher = Cipher.getInstance("AES/CBC/PKCS5Padding", ours);
        cipher.init(Cipher.DECRYPT_MODE, key, new IvParameterSpec(one.bytes("iv")));
        if (!same(cipher.doFinal(one.bytes("ct")), one.bytes("msg"))) {
            return false;
        }
        cipher.init(Cipher.ENCRYPT_MODE, key, new IvParameterSpec(one.bytes("iv")));
        return same(cipher.doFinal(one.bytes("msg")), one.bytes("ct"));
    }

    /** As {@code sha512_224} and {@code sha3_256} are called elsewhere. */
    private static String macName(String digest) {
        return "Hmac"
                + digest.toUpperCase(Locale.ROOT).replace("SHA3_", "SHA3-").replace("12_", "12/");
    }

    private boolean hmac(String algorithm, Case one) throws GeneralSecurityException {
        Mac mac = Mac.getInstance(algorithm, ours);
        mac.init(new SecretKeySpec(one.bytes("key"), algorithm));
        int length = one.number("tagSize") / Byte.SIZE;
        return same(Arrays.copyOf(mac.doFinal(one.bytes("msg")), length), one.bytes("tag"));
    }

    private boolean x25519(Case one) throws GeneralSecurityException {
        KeyFactory keys = KeyFactory.getInstance("X25519");
        PrivateKey own =
                keys.generatePrivate(
                        new XECPrivateKeySpec(NamedParameterSpec.X25519, one.bytes("private")));
        byte[] little = one.bytes("public");
        byte[] big = new byte[little.length];
        for (int i = 0; i < big.length; i++) {
            big[i] = little[big.length - 1 - i];
        }
        big[0] &= 0x7f;
        PublicKey peer =
                keys.generatePublic(
                        new XECPublicKeySpec(NamedParameterSpec.X25519, new BigInteger(1, big)));
        return agreed("X25519", own, peer, one);
    }

    private boolean agreed(String name, PrivateKey own, PublicKey peer, Case one)
            throws GeneralSecurityException {
        KeyAgreement agreement = KeyAgreement.getInstance(name, ours);
        agreement.init(own);
        agreement.doPhase(peer, true);
        return same(agreement.generateSecret(), one.bytes("shared"));
    }

    private boolean ecdh(Case one) throws GeneralSecurityException {
        AlgorithmParameters curve = AlgorithmParameters.getInstance("EC");
        curve.init(new ECGenParameterSpec(one.text("curve")));
        KeyFactory keys = KeyFactory.getInstance("EC");
        PrivateKey own =
                keys.generatePrivate(
                        new ECPrivateKeySpec(
                                new BigInteger(1, one.bytes("private")),
                                curve.getParameterSpec(ECParameterSpec.class)));
        PublicKey peer = keys.generatePublic(new X509EncodedKeySpec(one.bytes("public")));
        return agreed("ECDH", own, peer, one);
    }

    private PublicKey publicKey(String type, Case one) throws GeneralSecurityException {
        byte[] der = HexFormat.of().parseHex(one.text("publicKeyDer"));
        return KeyFactory.getInstance(type).generatePublic(new X509EncodedKeySpec(der));
    }

    private boolean verify(String name, String type, Case one) throws GeneralSecurityException {
        Signature signature = Signature.getInstance(name, ours);
        signature.initVerify(publicKey(type, one));
        signature.update(one.bytes("msg"));
        return signature.verify(one.bytes("sig"));
    }

    private boolean pss(Case one) throws GeneralSecurityException {
        PSSParameterSpec spec =
                new PSSParameterSpec(
                        one.text("sha"),
                        "MGF1",
                        new MGF1ParameterSpec(one.text("mgfSha")),
                        one.number("sLen"),
                        1);
        Signature signature = Signature.getInstance("RSASSA-PSS", ours);
        try {
            signature.setParameter(spec);
        } catch (java.security.InvalidAlgorithmParameterException e) {
            throw new Unsupported("parameters that devices do not have");
        }
        signature.initVerify(publicKey("RSA", one));
        signature.update(one.bytes("msg"));
        return signature.verify(one.bytes("sig"));
    }

    private PrivateKey privateKey(Case one) throws GeneralSecurityException {
        byte[] der = HexFormat.of().parseHex(one.text("privateKeyPkcs8"));
        return KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(der));
    }

    private boolean oaep(Case one) throws GeneralSecurityException {
        OAEPParameterSpec spec =
                new OAEPParameterSpec(
                        one.text("sha"),
                        "MGF1",
                        new MGF1ParameterSpec(one.text("mgfSha")),
                        new PSource.PSpecified(one.bytes("label")));
        Cipher cipher = Cipher.getInstance("RSA/ECB/OAEPPadding", ours);
        try {
            cipher.init(Cipher.DECRYPT_MODE, privateKey(one), spec);
        } catch (java.security.InvalidAlgorithmParameterException e) {
            throw new Unsupported("a label, or another digest in the mask");
        }
        return same(cipher.doFinal(one.bytes("ct")), one.bytes("msg"));
    }

    private boolean pkcs1(Case one) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("RSA/ECB/PKCS1Padding", ours);
        cipher.init(Cipher.DECRYPT_MODE, privateKey(one));
        return same(cipher.doFinal(one.bytes("ct")), one.bytes("msg"));
    }
}
