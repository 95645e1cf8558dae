package org.opensva.uacce.engine;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.JobExecution;
import org.opensva.api.accelerator.JobParameters;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;

import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.util.Arrays;

import javax.crypto.Cipher;
import javax.crypto.KeyAgreement;
import javax.crypto.spec.OAEPParameterSpec;
import javax.crypto.spec.PSource;

/** Signatures, RSA encryption, and key agreement. */
final class PublicKeyEngine {

    /** The most that RSA can encrypt, or an encoded public key has. */
    private static final int LONGEST_INPUT = Parameters.LONGEST_OPERAND;

    private static final int SHA_256_BYTES = 32;
    private static final int SHA_384_BYTES = 48;
    private static final int SHA_512_BYTES = 64;

    private final JobData data;
    private final Keys keys;

    PublicKeyEngine(JobData data) {
        this.data = data;
        keys = new Keys(data);
    }

    void sign(JobExecution job) throws GeneralSecurityException {
        PrivateKey key = keys.privateKey(job.algorithm());
        if (key != null) {
            Signature signature = signature(job.algorithm());
            signature.initSign(key);
            if (update(signature)) {
                put(finish(signature));
            }
        }
        data.complete(data.taken(), 0);
    }

    private byte @Nullable [] finish(Signature signature) {
        try {
            return signature.sign();
        } catch (SignatureException | RuntimeException e) {
            // A digest that is longer than any.
            data.fail(JobStatus.BAD_DATA);
            return null;
        }
    }

    void verify(JobExecution job) throws GeneralSecurityException {
        PublicKey key = keys.publicKey(job.algorithm());
        if (key != null) {
            Signature signature = signature(job.algorithm());
            signature.initVerify(key);
            if (update(signature) && !matches(signature, job.algorithm(), key)) {
                data.fail(JobStatus.AUTHENTICATION_FAILED);
            }
        }
        data.complete(data.taken(), 0);
    }

    /** True if the signature is good; on a failure of another kind it is remembered first. */
    private boolean matches(Signature signature, Algorithm algorithm, PublicKey key) {
        byte[] bytes = data.parameters.load(JobParameters.TAG, Parameters.LONGEST_OPERAND);
        if (bytes == null) {
            return false;
        }
        int length = (int) data.parameters.length(JobParameters.TAG);
        boolean plain = data.parameters.has(JobParameters.PLAIN_SIGNATURE);
        if (isEcdsa(algorithm) && !EcdsaSignature.isEncoded(bytes, length, plain, key)) {
            return false;
        }
        try {
            return signature.verify(bytes, 0, length);
        } catch (SignatureException | RuntimeException e) {
            // Bytes that are no signature at all are none of this data either.
            return false;
        }
    }

    private static boolean isEcdsa(Algorithm algorithm) {
        return switch (algorithm) {
            case ECDSA_SHA_256, ECDSA_SHA_384, ECDSA_SHA_512, ECDSA_PREHASHED -> true;
            default -> false;
        };
    }

    private boolean update(Signature signature) throws SignatureException {
        while (data.fill()) {
            signature.update(data.in, 0, data.inLimit);
            data.inPosition = data.inLimit;
        }
        return !data.failed();
    }

    void crypt(JobExecution job) throws GeneralSecurityException {
        boolean encrypt = job.operation() == Operation.ENCRYPT;
        Key key = encrypt ? keys.publicKey(job.algorithm()) : keys.privateKey(job.algorithm());
        byte[] input = key == null ? null : input();
        if (key != null && input != null) {
            Cipher cipher = Cipher.getInstance(cipherName(job.algorithm()));
            cipher.init(
                    encrypt ? Cipher.ENCRYPT_MODE : Cipher.DECRYPT_MODE,
                    key,
                    cipherParameters(job.algorithm()));
            put(transform(cipher, input));
            Arrays.fill(input, (byte) 0);
        }
        data.complete(data.taken(), 0);
    }

    private byte @Nullable [] transform(Cipher cipher, byte[] input) {
        try {
            return cipher.doFinal(input);
        } catch (GeneralSecurityException | RuntimeException e) {
            // Too long for the key, or not made with it.
            data.fail(JobStatus.BAD_DATA);
            return null;
        }
    }

    void agree(JobExecution job) throws GeneralSecurityException {
        PrivateKey key = keys.privateKey(job.algorithm());
        byte[] input = key == null ? null : input();
        if (key != null && input != null) {
            PublicKey peer = keys.publicKey(job.algorithm(), input);
            if (peer == null) {
                data.fail(JobStatus.BAD_DATA);
            } else {
                put(secret(job.algorithm(), key, peer));
            }
        }
        data.complete(data.taken(), 0);
    }

    private byte @Nullable [] secret(Algorithm algorithm, PrivateKey key, PublicKey peer)
            throws GeneralSecurityException {
        KeyAgreement agreement =
                KeyAgreement.getInstance(algorithm == Algorithm.ECDH ? "ECDH" : "X25519");
        agreement.init(key);
        try {
            agreement.doPhase(peer, true);
            return agreement.generateSecret();
        } catch (GeneralSecurityException | RuntimeException e) {
            // Another curve, or a point of small order (RFC 7748 section 6.1).
            data.fail(JobStatus.BAD_DATA);
            return null;
        }
    }

    /** The whole source; null if there is a failure in the data. */
    private byte @Nullable [] input() {
        if (data.sourceLength() > LONGEST_INPUT) {
            data.fail(JobStatus.BAD_DATA);
            return null;
        }
        byte[] input = new byte[(int) data.sourceLength()];
        int got = 0;
        while (data.fill()) {
            System.arraycopy(data.in, 0, input, got, data.inLimit);
            got += data.inLimit;
            data.inPosition = data.inLimit;
        }
        return data.failed() ? null : input;
    }

    private void put(byte @Nullable [] result) {
        if (result == null) {
            return;
        }
        if (result.length > data.capacity()) {
            data.fail(JobStatus.DESTINATION_FULL);
        } else {
            data.moved(data.writeAt(0, result, 0, result.length));
        }
        Arrays.fill(result, (byte) 0);
    }

    private Signature signature(Algorithm algorithm) throws GeneralSecurityException {
        boolean plain = data.parameters.has(JobParameters.PLAIN_SIGNATURE);
        String format = plain ? "inP1363Format" : "";
        return switch (algorithm) {
            case RSA_PKCS1_SHA_256 -> Signature.getInstance("SHA256withRSA");
            case RSA_PKCS1_SHA_384 -> Signature.getInstance("SHA384withRSA");
            case RSA_PKCS1_SHA_512 -> Signature.getInstance("SHA512withRSA");
            case RSA_PSS_SHA_256 -> pss("SHA-256", MGF1ParameterSpec.SHA256, SHA_256_BYTES);
            case RSA_PSS_SHA_384 -> pss("SHA-384", MGF1ParameterSpec.SHA384, SHA_384_BYTES);
            case RSA_PSS_SHA_512 -> pss("SHA-512", MGF1ParameterSpec.SHA512, SHA_512_BYTES);
            case ECDSA_SHA_256 -> Signature.getInstance("SHA256withECDSA" + format);
            case ECDSA_SHA_384 -> Signature.getInstance("SHA384withECDSA" + format);
            case ECDSA_SHA_512 -> Signature.getInstance("SHA512withECDSA" + format);
            case ECDSA_PREHASHED -> Signature.getInstance("NONEwithECDSA" + format);
            default -> Signature.getInstance("Ed25519");
        };
    }

    private static Signature pss(String digest, MGF1ParameterSpec mask, int salt)
            throws GeneralSecurityException {
        Signature signature = Signature.getInstance("RSASSA-PSS");
        signature.setParameter(
                new PSSParameterSpec(
                        digest, "MGF1", mask, salt, PSSParameterSpec.TRAILER_FIELD_BC));
        return signature;
    }

    private static String cipherName(Algorithm algorithm) {
        return algorithm == Algorithm.RSA_PKCS1 ? "RSA/ECB/PKCS1Padding" : "RSA/ECB/OAEPPadding";
    }

    private static @Nullable AlgorithmParameterSpec cipherParameters(Algorithm algorithm) {
        return switch (algorithm) {
            case RSA_OAEP_SHA_1 -> oaep("SHA-1", MGF1ParameterSpec.SHA1);
            case RSA_OAEP_SHA_256 -> oaep("SHA-256", MGF1ParameterSpec.SHA256);
            case RSA_OAEP_SHA_384 -> oaep("SHA-384", MGF1ParameterSpec.SHA384);
            case RSA_OAEP_SHA_512 -> oaep("SHA-512", MGF1ParameterSpec.SHA512);
            default -> null;
        };
    }

    private static OAEPParameterSpec oaep(String digest, MGF1ParameterSpec mask) {
        return new OAEPParameterSpec(digest, "MGF1", mask, PSource.PSpecified.DEFAULT);
    }
}
