package org.opensva.conformance.tests;

import static org.opensva.conformance.rules.RuleId.ATS_01;
import static org.opensva.conformance.rules.RuleId.ATS_02;
import static org.opensva.conformance.rules.RuleId.ATS_05;
import static org.opensva.conformance.rules.RuleId.ATS_09;
import static org.opensva.conformance.rules.RuleId.ATS_11;
import static org.opensva.conformance.rules.RuleId.ATS_13;

import org.junit.jupiter.api.Test;
import org.opensva.api.ats.AgentPort;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.memory.Access;
import org.opensva.conformance.suite.Covers;
import org.opensva.conformance.suite.RuleTests;
import org.opensva.conformance.suite.bench.TestBench;
import org.opensva.conformance.suite.parts.LinkMessage;
import org.opensva.conformance.suite.parts.LinkMessage.Completion;
import org.opensva.conformance.suite.parts.LinkMessage.Translated;
import org.opensva.conformance.suite.parts.LinkMessage.Translation;
import org.opensva.conformance.suite.parts.ScriptedAgent;
import org.opensva.conformance.suite.parts.ScriptedAgent.Mapping;
import org.opensva.conformance.suite.parts.WiredEndpoint;

import java.util.List;

/** What an endpoint sends when it translates, with the suite in the place of its IOMMU. */
@RuleTests
class EndpointTranslationTests {

    private static final long BASE = 1L << 40;
    private static final long PAGE = 4096;

    @Test
    @Covers(ATS_01)
    void nothingIsTranslatedWhileAtsIsOff(TestBench bench) {
        WiredEndpoint device = WiredEndpoint.of(bench);
        ScriptedAgent agent = device.agent();
        agent.map(BASE, 16);
        bench.step("the device reads and writes with PASID enabled and ATS never enabled");
        device.endpoint().setPasidEnabled(true);
        use(device);
        untranslated(bench, agent, 0);
        device.ats();
        use(device);
        bench.step("the device reads and writes after ATS was disabled again");
        device.endpoint().setAtsEnabled(false);
        int mark = agent.mark();
        use(device);
        untranslated(bench, agent, mark);
    }

    private static void use(WiredEndpoint device) {
        device.read(BASE);
        device.write(BASE + PAGE, 8);
        device.write(BASE + 2 * PAGE, 8192);
        device.endpoint().prefetch(WiredEndpoint.PASID, Access.READ, BASE, PAGE);
    }

    private static void untranslated(TestBench bench, ScriptedAgent agent, int mark) {
        agent.messages().stream()
                .skip(mark)
                .filter(message -> message instanceof Translation || message instanceof Translated)
                .findFirst()
                .ifPresent(message -> {
                    throw bench.violation(
                            "untranslated accesses only while ATS is off", message.toString());
                });
        bench.check(
                !agent.messages(mark, LinkMessage.Untranslated.class).isEmpty(),
                "the device's accesses to reach the link untranslated",
                "nothing was sent");
    }

    @Test
    @Covers(ATS_02)
    void aTranslationIsUsedInsideItsRangeOnly(TestBench bench) {
        WiredEndpoint device = WiredEndpoint.of(bench).ats();
        ScriptedAgent agent = device.agent();
        long base = BASE;
        for (int shift : new int[] {12, 13, 14, 16, 21, 25, 30}) {
            long size = 1L << shift;
            base = (base + 4 * size) & -(2 * size);
            agent.map(base, shift);
            agent.map(base - PAGE, 12);
            agent.map(base + size, 12);
            bench.step("the device uses a translation of 2^%d bytes, and its neighbours", shift);
            for (long at : new long[] {base, base + size / 2, base + size - 8}) {
                device.read(at);
                device.write(at, 8);
            }
            device.read(base - 8);
            device.write(base - 8, 8);
            device.read(base + size);
            device.write(base + size, 8);
            device.write(base + size - 16, 32);
            device.write(base - 16, 32);
            inside(bench, agent);
        }
        bench.step("the device uses ranges chosen by the seed");
        for (int i = 0; i < 200; i++) {
            int shift = 12 + bench.random().nextInt(6);
            long at = (BASE << 1) + ((long) bench.random().nextInt(64) << 17) & -(1L << shift);
            Mapping mapping = agent.map(at, shift);
            device.invalidate(i % 32, at);
            device.read(mapping.address() + (bench.random().nextInt(1 << shift) & -8));
            device.read(mapping.address() + (1L << shift) + 8);
        }
        inside(bench, agent);
    }

    private static void inside(TestBench bench, ScriptedAgent agent) {
        agent.stray()
                .ifPresent(access -> {
                    throw bench.violation(
                            "each translated access inside the range of its translation", access);
                });
    }

    @Test
    @Covers(ATS_05)
    void aRefusedTranslationRequestTakesTheAtcOutOfUse(TestBench bench) {
        WiredEndpoint device = WiredEndpoint.of(bench).ats();
        ScriptedAgent agent = device.agent();
        agent.map(BASE, 14);
        device.read(BASE);
        bench.step("a translation request is answered Unsupported Request");
        agent.refuseNext(AgentPort.UNSUPPORTED_REQUEST);
        long address = BASE + (1L << 20);
        device.read(address);
        int mark = agent.mark();
        bench.step("the device goes on after Unsupported Request");
        agent.map(address, 14);
        device.read(address);
        device.write(address + PAGE, 8);
        device.read(BASE + PAGE);
        agent.messages().stream()
                .skip(mark)
                .filter(message -> message instanceof Translation || message instanceof Translated)
                .findFirst()
                .ifPresent(message -> {
                    throw bench.violation(
                            "no use of ATS after Unsupported Request until ATS is enabled again",
                            message.toString());
                });
        bench.step("ATS is disabled and enabled again after Unsupported Request");
        device.cycleAts();
        bench.check(
                DmaResult.isComplete(device.read(address)),
                "the device to work again",
                "its read failed");
    }

    @Test
    @Covers(ATS_05)
    void anAbortedTranslationRequestEndsOneAccess(TestBench bench) {
        WiredEndpoint device = WiredEndpoint.of(bench).ats();
        ScriptedAgent agent = device.agent();
        agent.map(BASE, 12);
        bench.step("a translation request is answered Completer Abort");
        agent.refuseNext(AgentPort.COMPLETER_ABORT);
        int mark = agent.mark();
        long result = device.read(BASE);
        boolean asked = !agent.messages(mark, Translation.class).isEmpty();
        bench.check(
                !asked
                        || !DmaResult.isComplete(result)
                        || agent.messages(mark, Translation.class).size() > 1,
                "the access whose translation was aborted to fail, or to be tried again",
                "it succeeded");
        bench.step("the device tries again after Completer Abort");
        bench.check(
                DmaResult.isComplete(device.read(BASE)),
                "the next access to succeed",
                "it ended as " + DmaResult.describe(device.read(BASE)));
        inside(bench, agent);
    }

    @Test
    @Covers(ATS_09)
    void eachInvalidateRequestIsCompletedWithItsOwnTag(TestBench bench) {
        WiredEndpoint device = WiredEndpoint.of(bench).ats();
        for (int round = 0; round < 4; round++) {
            for (int tag = 0; tag < 32; tag++) {
                long page = BASE + (tag % 5) * PAGE;
                device.agent().map(page, 12);
                device.read(page);
                int mark = device.agent().mark();
                bench.step("an invalidate request with tag %d", tag);
                device.invalidate(tag, page);
                completed(bench, device.agent(), mark, tag);
            }
        }
    }

    @Test
    @Covers(ATS_11)
    void anInvalidateRequestIsCompletedWhileAtsIsOff(TestBench bench) {
        WiredEndpoint device = WiredEndpoint.of(bench);
        bench.step("an invalidate request before anything was enabled");
        device.invalidate(5, BASE);
        completed(bench, device.agent(), 0, 5);
        device.ats();
        device.agent().map(BASE, 12);
        device.read(BASE);
        device.endpoint().setAtsEnabled(false);
        int mark = device.agent().mark();
        bench.step("an invalidate request after ATS was disabled");
        device.invalidate(6, BASE);
        completed(bench, device.agent(), mark, 6);
    }

    /** As many completions as each of them says, and no tag but this one. */
    private static void completed(TestBench bench, ScriptedAgent agent, int mark, int tag) {
        bench.until(
                "completion of the invalidate request with tag " + tag,
                bench.limits().bounded(),
                () -> {
                    List<Completion> all = agent.messages(mark, Completion.class);
                    return !all.isEmpty()
                            && all.size() >= all.getFirst().message().completionCount();
                });
        List<Completion> all = agent.messages(mark, Completion.class);
        int owed = all.getFirst().message().completionCount();
        bench.check(
                all.size() == owed
                        && all.stream()
                                .allMatch(completion ->
                                        completion.message().itagVector() == 1 << tag
                                                && completion.message().completionCount() == owed),
                "%d completions of tag %d, each with that tag".formatted(owed, tag),
                all.toString());
    }

    @Test
    @Covers(ATS_13)
    void enablingAtsFindsAnEmptyAtc(TestBench bench) {
        WiredEndpoint device = WiredEndpoint.of(bench).ats();
        ScriptedAgent agent = device.agent();
        for (int i = 0; i < 8; i++) {
            agent.map(BASE + i * PAGE, 12);
            device.read(BASE + i * PAGE);
            device.write(BASE + i * PAGE, 8);
        }
        bench.step("everything is mapped elsewhere while ATS is disabled and enabled again");
        device.endpoint().setAtsEnabled(false);
        agent.unmapAll();
        for (int i = 0; i < 8; i++) {
            agent.map(BASE + i * PAGE, 12);
        }
        device.endpoint().setAtsEnabled(true);
        int mark = agent.mark();
        for (int i = 0; i < 8; i++) {
            device.read(BASE + i * PAGE);
            device.write(BASE + i * PAGE, 8);
        }
        for (Translated access : agent.messages(mark, Translated.class)) {
            bench.check(
                    agent.mappingOf(access).filter(mapping -> mapping.number() > 8).isPresent(),
                    "no translation from before ATS was switched off",
                    access.toString());
        }
    }
}
