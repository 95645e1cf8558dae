package org.opensva.uacce.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.math.BigInteger;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.util.Arrays;
import java.util.Random;

class EcdsaSignatureTest {

    private static byte[] der(byte[] r, byte[] s) {
        int body = 4 + r.length + s.length;
        int head = body < 128 ? 2 : 3;
        byte[] all = new byte[head + body];
        all[0] = 0x30;
        all[1] = (byte) (body < 128 ? body : 0x81);
        all[head - 1] = (byte) body;
        integer(all, head, r);
        integer(all, head + 2 + r.length, s);
        return all;
    }

    private static void integer(byte[] all, int at, byte[] number) {
        all[at] = 2;
        all[at + 1] = (byte) number.length;
        System.arraycopy(number, 0, all, at + 2, number.length);
    }

    private static boolean taken(byte[] bytes, PublicKey key) {
        return EcdsaSignature.isEncoded(bytes, bytes.length, false, key);
    }

    @Test
    void numbersHaveOneEncodingOnly() throws Exception {
        Random random = new Random(5);
        for (String curve : new String[] {"secp256r1", "secp384r1", "secp521r1"}) {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec(curve));
            PublicKey key = generator.generateKeyPair().getPublic();
            int bits = Integer.parseInt(curve.substring(4, 7));
            for (int round = 0; round < 300; round++) {
                byte[] r = new BigInteger(1 + random.nextInt(bits), random).toByteArray();
                byte[] s = new BigInteger(bits, random).toByteArray();
                assertTrue(taken(der(r, s), key));
                byte[] longer = new byte[r.length + 1];
                System.arraycopy(r, 0, longer, 1, r.length);
                assertFalse(taken(der(longer, s), key), "a zero too many");
                if (s[0] == 0 && s.length > 1) {
                    byte[] shorter = Arrays.copyOfRange(s, 1, s.length);
                    assertFalse(taken(der(r, shorter), key), "a zero too few");
                }
                byte[] good = der(r, s);
                assertFalse(taken(Arrays.copyOf(good, good.length + 1), key));
                assertFalse(taken(Arrays.copyOf(good, random.nextInt(good.length)), key));
                byte[] spread = new byte[good.length + 1];
                System.arraycopy(good, 1, spread, 2, good.length - 1);
                spread[0] = 0x30;
                spread[1] = (byte) 0x81;
                assertFalse(taken(spread, key) && good[1] >= 0, "a length that needs no more");
            }
            int number = (bits + 7) / 8;
            for (int length = 0; length < 3 * number; length++) {
                assertEquals(
                        length == 2 * number,
                        EcdsaSignature.isEncoded(new byte[length], length, true, key));
            }
        }
    }

    @Test
    void whatTheJdkMakesIsTaken() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp521r1"));
        var pair = generator.generateKeyPair();
        for (int i = 0; i < 100; i++) {
            Signature signer = Signature.getInstance("SHA512withECDSA");
            signer.initSign(pair.getPrivate());
            signer.update((byte) i);
            assertTrue(taken(signer.sign(), pair.getPublic()));
        }
    }

    @Test
    void anyBytesAreAnsweredWithoutAnException() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        PublicKey key = generator.generateKeyPair().getPublic();
        Random random = new Random(9);
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = new byte[random.nextInt(20)];
            random.nextBytes(bytes);
            if (bytes.length > 3) {
                bytes[0] = 0x30;
                bytes[1] = (byte) (bytes.length - 2);
                bytes[2] = 2;
            }
            EcdsaSignature.isEncoded(bytes, bytes.length, random.nextBoolean(), key);
        }
    }
}
