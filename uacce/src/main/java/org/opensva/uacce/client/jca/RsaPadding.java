package org.opensva.uacce.client.jca;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Algorithm;

import java.security.InvalidAlgorithmParameterException;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.MGF1ParameterSpec;

import javax.crypto.spec.OAEPParameterSpec;
import javax.crypto.spec.PSource;

/** Paddings of RSA encryption, as transformations name them. */
enum RsaPadding {
    PKCS1("PKCS1Padding", null),
    OAEP("OAEPPadding", "SHA-1"),
    OAEP_SHA_1("OAEPWithSHA-1AndMGF1Padding", "SHA-1"),
    OAEP_SHA_256("OAEPWithSHA-256AndMGF1Padding", "SHA-256"),
    OAEP_SHA_384("OAEPWithSHA-384AndMGF1Padding", "SHA-384"),
    OAEP_SHA_512("OAEPWithSHA-512AndMGF1Padding", "SHA-512");

    private static final int PKCS1_OVERHEAD = 11;

    private final String standardName;
    private final @Nullable String digest;

    RsaPadding(String standardName, @Nullable String digest) {
        this.standardName = standardName;
        this.digest = digest;
    }

    String standardName() {
        return standardName;
    }

    /** The parameters that hold, null for PKCS #1. */
    @Nullable OAEPParameterSpec parameters(@Nullable AlgorithmParameterSpec given)
            throws InvalidAlgorithmParameterException {
        String own = digest;
        if (own == null) {
            if (given != null) {
                throw new InvalidAlgorithmParameterException(standardName + " has no parameters");
            }
            return null;
        }
        if (given == null) {
            // The default of the standard names, whatever the digest: RFC 8017, A.2.1.
            return new OAEPParameterSpec(
                    own, "MGF1", MGF1ParameterSpec.SHA1, PSource.PSpecified.DEFAULT);
        }
        if (!(given instanceof OAEPParameterSpec spec)) {
            throw new InvalidAlgorithmParameterException("the parameters are not for OAEP");
        }
        if (this != OAEP && !spec.getDigestAlgorithm().equalsIgnoreCase(own)) {
            throw new InvalidAlgorithmParameterException(
                    "%s is not with %s".formatted(standardName, spec.getDigestAlgorithm()));
        }
        return spec;
    }

    /** What devices do of it if nothing else is said. */
    Algorithm algorithm() {
        return switch (this) {
            case PKCS1 -> Algorithm.RSA_PKCS1;
            case OAEP, OAEP_SHA_1 -> Algorithm.RSA_OAEP_SHA_1;
            case OAEP_SHA_256 -> Algorithm.RSA_OAEP_SHA_256;
            case OAEP_SHA_384 -> Algorithm.RSA_OAEP_SHA_384;
            case OAEP_SHA_512 -> Algorithm.RSA_OAEP_SHA_512;
        };
    }

    /** What devices do of it with parameters. */
    Algorithm algorithm(@Nullable OAEPParameterSpec spec)
            throws InvalidAlgorithmParameterException {
        if (spec == null) {
            return Algorithm.RSA_PKCS1;
        }
        String main = spec.getDigestAlgorithm();
        boolean plain =
                spec.getPSource() instanceof PSource.PSpecified label
                        && label.getValue().length == 0;
        if (plain
                && spec.getMGFAlgorithm().equalsIgnoreCase("MGF1")
                && spec.getMGFParameters() instanceof MGF1ParameterSpec mask
                && mask.getDigestAlgorithm().equalsIgnoreCase(main)) {
            switch (main) {
                case "SHA-1", "SHA1" -> {
                    return Algorithm.RSA_OAEP_SHA_1;
                }
                case "SHA-256" -> {
                    return Algorithm.RSA_OAEP_SHA_256;
                }
                case "SHA-384" -> {
                    return Algorithm.RSA_OAEP_SHA_384;
                }
                case "SHA-512" -> {
                    return Algorithm.RSA_OAEP_SHA_512;
                }
                default -> {}
            }
        }
        throw new InvalidAlgorithmParameterException(
                "devices do OAEP without a label, and MGF1 with the same digest: SHA-1, SHA-256,"
                        + " SHA-384 or SHA-512");
    }

    /** How much of a block is not the message's. */
    int overhead(@Nullable OAEPParameterSpec spec) {
        if (spec == null) {
            return PKCS1_OVERHEAD;
        }
        int hash =
                switch (spec.getDigestAlgorithm()) {
                    case "SHA-256" -> 32;
                    case "SHA-384" -> 48;
                    case "SHA-512" -> 64;
                    default -> 20;
                };
        return 2 * hash + 2;
    }
}
