package org.opensva.conformance.rules;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * The canonical form of rules, hashed: every field in a fixed order, each preceded by its length in
 * bytes, so that no two different books have the same form.
 */
final class RuleBookDigest {

    private final MessageDigest sha = sha256();

    private RuleBookDigest() {}

    /** Returns the digest of a whole book, as 64 hexadecimal digits. */
    static String of(RuleBook book) {
        RuleBookDigest digest = new RuleBookDigest();
        digest.count(book.groups());
        for (RuleGroup group : book.groups()) {
            digest.field(group.key()).field(group.title()).field(group.introduction());
            digest.count(group.rules());
            group.rules().forEach(digest::rule);
            digest.count(group.retired());
            for (RetiredRule retired : group.retired()) {
                digest.field(retired.id()).field(retired.reason());
            }
        }
        return digest.hex();
    }

    /** Returns the digest of one rule's text, as 64 hexadecimal digits. */
    static String ofText(Rule rule) {
        return new RuleBookDigest().field(rule.text()).hex();
    }

    private void rule(Rule rule) {
        field(rule.id()).field(rule.level().name()).field(rule.title()).field(rule.text());
        field(rule.source()).field(rule.owner().text()).field(rule.needs().toString());
        field(rule.observe().text()).field(rule.reason()).field(rule.ifFails()).field(rule.since());
    }

    private void count(List<?> list) {
        length(list.size());
    }

    private RuleBookDigest field(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        length(bytes.length);
        sha.update(bytes);
        return this;
    }

    private void length(int length) {
        sha.update(ByteBuffer.allocate(Integer.BYTES).putInt(length).flip());
    }

    private String hex() {
        return HexFormat.of().formatHex(sha.digest());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            // Every Java platform is required to have it (java.security.MessageDigest).
            throw new IllegalStateException("this Java platform has no SHA-256", e);
        }
    }
}
