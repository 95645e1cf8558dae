package org.opensva.conformance.rules;

import org.opensva.api.backend.Capability;

import java.util.Locale;
import java.util.Map;

/**
 * Renders a rule book as the specification document, {@code api/SPEC.md}: Markdown, one line per
 * paragraph, the same text for the same book on every machine.
 */
public final class SpecDocument {

    private final RuleBook book;
    private final StringBuilder out = new StringBuilder(1 << 17);

    private SpecDocument(RuleBook book) {
        this.book = book;
    }

    /**
     * Renders the document.
     *
     * @param book the rule book
     * @return the whole document, lines separated by a line feed, with one at the end
     */
    public static String render(RuleBook book) {
        SpecDocument document = new SpecDocument(book);
        document.introduction();
        document.reading();
        document.verdicts();
        document.vocabulary();
        document.contents();
        book.groups().forEach(document::group);
        return document.out.toString();
    }

    private void introduction() {
        line("# The OpenSVA contract");
        paragraph(
                "Shared Virtual Addressing (SVA) lets a device and a process use the same virtual"
                    + " addresses: the IOMMU walks the process's own page tables, selected by a"
                    + " PASID. This document states what every OpenSVA backend, emulated or native,"
                    + " promises to do, as numbered rules. The conformance suite tests them; a"
                    + " certificate lists its verdict for each.");
        paragraph("The rules unfold three promises:");
        bullet(
                "**bind-after-fork**: a bind shares the process's page tables, the same root and no"
                    + " mirror, under a PASID. A forked child is not bound; it needs a bind of its"
                    + " own and gets a different PASID. A handle inherited over fork still names"
                    + " the parent's address space.");
        bullet(
                "**unmap invalidation**: when an unmapping, or any narrowing of a mapping, returns,"
                    + " no device can reach the old page: the IOTLB and every address translation"
                    + " cache (ATC) in a device are invalidated, and accesses in flight have"
                    + " finished.");
        bullet(
                "**exit teardown**: when an address space dies, its PASID stops translating, its"
                    + " cached translations are gone and its work in flight ends; only then may the"
                    + " PASID or a page be given to anyone else.");
        paragraph(
                "This file is generated from the rule book, the JSON files in `conformance-tests`."
                        + " Change a rule there and run that module's tests with"
                        + " `-Dopensva.update=true`; the change of this file and of `rules.lock` is"
                        + " what a reviewer reads.");
    }

    private void reading() {
        heading("How to read a rule");
        paragraph(
                "An id such as `UNMAP-01` is stable. It is never given to another rule: a rule that"
                        + " is withdrawn leaves its id behind in the list of retired ids.");
        tableHead("Part", "Meaning");
        row("**MUST**", "A backend to which the rule applies and that breaks it is not certified.");
        row("**SHOULD**", "A breach is reported and does not withhold the certificate.");
        row("**MAY**", "A permission: what a backend is free to do and a suite must tolerate.");
        row(
                "Owner",
                "The layer that answers for the rule: `core` (PASIDs, binds, faults), `mm` (address"
                        + " spaces and their tables), `iommu`, `ats` (the device's ATC and page"
                        + " requests), `accelerator` (queues and handles).");
        row(
                "Applies",
                "The capabilities that a backend must claim for the rule to apply: `&` is and,"
                        + " `\\|` is or, `!` is not. A rule without this line always applies.");
        row("Observed: `black-box`", "Device accesses and process operations show it.");
        row(
                "Observed: `black-box-plus`",
                "As black-box, on a machine that can hold cached translations, delay answers, or be"
                        + " put under pressure.");
        row(
                "Observed: `white-box`",
                "The order or content of hardware events shows it; needs the `introspection`"
                        + " capability.");
        row("Observed: `untestable`", "No test is possible; the rule says why.");
        row("If it fails", "What to look at first.");
        line("");
        paragraph(
                "Errors are given by their POSIX names. *Quiesced* is the state of a PASID whose"
                    + " address space is dead: every access aborts, nothing is reported. A *group*"
                    + " is one or more page requests with one answer; a stalled transaction is a"
                    + " group of one. *After completion* always means that the hardware has"
                    + " finished, not that a command was queued. SMMUv3 and VT-d reach these states"
                    + " by different means; the rules name only what both must show.");
    }

    private void verdicts() {
        heading("Verdicts");
        tableHead("Verdict", "Meaning");
        row("`passed`", "The rule applies and every test of it held.");
        row("`failed`", "The rule applies and a test showed a breach.");
        row(
                "`not-applicable`",
                "The backend does not claim what the rule needs. The reason names the capability.");
        row(
                "`not-observable`",
                "The rule applies, and the backend or the suite has no means to show it: a"
                        + " white-box rule without introspection, or an untestable rule.");
        row(
                "`inconclusive`",
                "The rule applies and could not be judged on this machine: a permission, a device"
                    + " or a resource was missing. A MUST rule that is inconclusive withholds the"
                    + " certificate.");
        line("");
        paragraph("No rule is skipped in silence: each has exactly one verdict.");
    }

    private void vocabulary() {
        heading("Capabilities");
        paragraph(
                "What a backend claims decides which rules apply to it. A claim is a promise: it is"
                        + " tested by the rules that name it. Exactly one of `foreign-refuse` (the"
                        + " default) and `foreign-opener` is claimed by a backend whose handles can"
                        + " reach a foreign address space.");
        tableHead("Capability", "Claim", "Rules that name it");
        for (Capability capability : Capability.values()) {
            row(code(capability.id()), escape(capability.title()), namedBy(capability));
        }
        line("");
    }

    private String namedBy(Capability capability) {
        StringBuilder ids = new StringBuilder();
        for (Rule rule : book.rules()) {
            if (rule.needs().capabilities().contains(capability)) {
                ids.append(ids.isEmpty() ? "" : ", ").append(link(rule.id()));
            }
        }
        return ids.toString();
    }

    private void contents() {
        heading("Groups");
        tableHead("Group", "Subject", "Rules", "MUST", "SHOULD", "MAY");
        for (RuleGroup group : book.groups()) {
            row(
                    "[" + group.key() + "](#" + anchor(group.key()) + ")",
                    escape(group.title()),
                    String.valueOf(group.rules().size()),
                    count(group, RuleLevel.MUST),
                    count(group, RuleLevel.SHOULD),
                    count(group, RuleLevel.MAY));
        }
        line("");
        StringBuilder counts = new StringBuilder();
        for (Map.Entry<Observability, Long> entry : book.countsByObservability().entrySet()) {
            counts.append(counts.isEmpty() ? "" : ", ")
                    .append(entry.getValue())
                    .append(' ')
                    .append(entry.getKey().text());
        }
        paragraph("By observation: " + counts + ".");
    }

    private static String count(RuleGroup group, RuleLevel level) {
        return String.valueOf(group.rules().stream().filter(r -> r.level() == level).count());
    }

    private void group(RuleGroup group) {
        line("<a id=\"" + anchor(group.key()) + "\"></a>");
        heading(group.key() + ": " + escape(group.title()));
        paragraph(escape(group.introduction()));
        tableHead("Rule", "Level", "Promise", "Applies", "Observed");
        for (Rule rule : group.rules()) {
            row(
                    link(rule.id()),
                    rule.level().name(),
                    escape(rule.title()),
                    inTable(rule.needs()),
                    rule.observe().text());
        }
        line("");
        group.rules().forEach(this::rule);
        if (!group.retired().isEmpty()) {
            line("### Retired ids of " + group.key());
            line("");
            for (RetiredRule retired : group.retired()) {
                line("- `" + retired.id() + "`: " + escape(retired.reason()));
            }
            line("");
        }
    }

    private void rule(Rule rule) {
        line("<a id=\"" + anchor(rule.id()) + "\"></a>");
        line("### " + rule.id() + ": " + escape(rule.title()));
        paragraph("**" + rule.level() + ".** " + escape(rule.text()));
        line("- Owner: `" + rule.owner().text() + "`");
        if (!rule.needs().isAlways()) {
            line("- Applies: " + code(rule.needs().toString()));
        }
        line("- Observed: `" + rule.observe().text() + "`" + because(rule));
        line("- Source: " + escape(rule.source()));
        line("- If it fails: " + escape(rule.ifFails()));
        line("- Since: " + rule.since());
        line("");
    }

    private static String because(Rule rule) {
        return rule.reason().isEmpty() ? "" : ". " + escape(rule.reason());
    }

    private void heading(String text) {
        line("## " + text);
    }

    private void paragraph(String text) {
        line("");
        line(text);
        line("");
    }

    private void bullet(String text) {
        line("- " + text);
    }

    private void tableHead(String... cells) {
        line("");
        row(cells);
        line("|" + " --- |".repeat(cells.length));
    }

    private void row(String... cells) {
        line("| " + String.join(" | ", cells) + " |");
    }

    private void line(String text) {
        // Blocks ask for a blank line on both sides; two in a row would be noise.
        boolean blank = text.isEmpty();
        if (blank && (out.isEmpty() || out.lastIndexOf("\n\n") == out.length() - 2)) {
            return;
        }
        out.append(text).append('\n');
    }

    private static String link(String id) {
        return "[" + id + "](#" + anchor(id) + ")";
    }

    private static String anchor(String id) {
        return id.toLowerCase(Locale.ROOT);
    }

    private static String code(String text) {
        return "`" + text + "`";
    }

    /** A bar inside a table cell ends the cell, in a code span as well. */
    private static String inTable(CapabilityExpression needs) {
        return needs.isAlways() ? "always" : code(needs.toString().replace("|", "\\|"));
    }

    /** Keeps the text of a rule from being taken for markup. */
    private static String escape(String text) {
        return text.replace("\\", "\\\\")
                .replace("*", "\\*")
                .replace("<", "&lt;")
                .replace("|", "\\|");
    }
}
