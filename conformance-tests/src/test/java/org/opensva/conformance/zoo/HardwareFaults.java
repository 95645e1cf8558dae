package org.opensva.conformance.zoo;

import static org.opensva.conformance.rules.RuleId.*;

import com.google.inject.AbstractModule;
import com.google.inject.Module;
import com.google.inject.Provides;

import jakarta.inject.Singleton;

import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.EndpointFactory;
import org.opensva.api.ats.TranslationEntry;
import org.opensva.ats.AtsEndpointFactory;
import org.opensva.ats.EndpointQuirk;
import org.opensva.ats.EndpointQuirks;
import org.opensva.conformance.zoo.SystemCalls.Call;
import org.opensva.emulated.machine.Processors;
import org.opensva.smmuv3.layout.Command;
import org.opensva.smmuv3.layout.Opcode;

import java.util.List;
import java.util.function.LongUnaryOperator;

/** Members whose caches, commands or messages are not what they should be. */
final class HardwareFaults {

    private HardwareFaults() {}

    /** Endpoints that deviate. */
    static Defect quirk(EndpointQuirks quirks) {
        return new Defect() {
            @Override
            public Module layers() {
                return new AbstractModule() {
                    @Provides
                    @Singleton
                    EndpointFactory endpoints() {
                        return new AtsEndpointFactory(quirks);
                    }
                };
            }
        };
    }

    /** Changes one command of a batch; says how many of its kind came before it. */
    @FunctionalInterface
    interface Edit {
        void apply(long[] words, int command, int before);
    }

    static Defect commanded(Opcode opcode, Edit edit) {
        return new Miscommanded() {
            @Override
            void edit(long[] words) {
                int before = 0;
                for (int i = 0; i < words.length / Command.WORDS; i++) {
                    if (is(opcode, words, i)) {
                        edit.apply(words, i, before++);
                    }
                }
            }
        };
    }

    static Defect without(Opcode opcode) {
        return commanded(opcode, (words, command, before) -> Miscommanded.blank(words, command));
    }

    /** Translations that allow something else than the page tables. */
    private static Defect answers(LongUnaryOperator entries) {
        return new FaultyLink() {
            @Override
            AgentPort towardsIommu(AgentPort port) {
                return new ForwardingAgentPort(port) {
                    @Override
                    public int translate(int pasid, int access, long address, long[] answer) {
                        int count = super.translate(pasid, access, address, answer);
                        for (int i = 0; i < count; i++) {
                            answer[i] = entries.applyAsLong(answer[i]);
                        }
                        return count;
                    }
                };
            }
        };
    }

    /** One of the four processors is not reached by shoot-downs. */
    private static final class MissesAProcessor implements Defect {
        @Override
        public Module layers() {
            return new AbstractModule() {
                @Provides
                @Singleton
                Processors processors() {
                    return new Processors(4, 1024) {
                        @Override
                        protected void shootDown(int processor, View view, long page, long pages) {
                            if (processor != 2) {
                                super.shootDown(processor, view, page, pages);
                            }
                        }
                    };
                }
            };
        }
    }

    static List<BrokenBackend> members() {
        return List.of(
                BrokenBackend.breaking("a-processor-is-not-reached", UNMAP_02, FORK_07)
                        .as("class of bug: a processor left out of mm_cpumask")
                        .because("shoot-downs reach all processors but one")
                        .perhapsAlso(UNMAP_01)
                        .notTouching(BIND_03, UACCE_03)
                        .by(MissesAProcessor::new),
                BrokenBackend.breaking("iotlb-command-of-the-wrong-family", UNMAP_01, UNMAP_15)
                        .as(
                                "04b1b069f151, iommu/vt-d: SVA domains flushed by domain id,"
                                        + " not by PASID")
                        .because(
                                "the IOTLB is invalidated under another tag than that of the"
                                        + " address space")
                        .notTouching(BIND_03, UACCE_03)
                        .by(() ->
                                commanded(
                                        Opcode.TLBI_NH_VA,
                                        (words, command, before) ->
                                                Command.ASID.put(
                                                        words, command * Command.WORDS, 0))),
                BrokenBackend.breaking("full-iotlb-flush-is-lost", FORK_05)
                        .as("e7ad6c2a4b1a, iommu/vt-d: full flushes left the IOTLB as it" + " was")
                        .because("the flush of a whole tag never reaches the IOTLB")
                        .notTouching(UNMAP_01, UNMAP_17)
                        .by(() -> without(Opcode.TLBI_NH_ASID)),
                BrokenBackend.breaking("tables-are-kept", UNMAP_12)
                        .as(
                                "class of bug: leaf-only invalidation where tables may have"
                                        + " been freed")
                        .because("invalidations leave the cached intermediate entries alone")
                        .perhapsAlso(UNMAP_01)
                        .notTouching(UNMAP_17)
                        .by(() ->
                                commanded(
                                        Opcode.TLBI_NH_VA,
                                        (words, command, before) ->
                                                Command.LEAF.put(
                                                        words, command * Command.WORDS, 1))),
                BrokenBackend.breaking(
                                "atc-is-not-told", UNMAP_01, UNMAP_15, FORK_22, UNMAP_31, UNMAP_23)
                        .as(
                                "7c29ada5e700, iommu/vt-d: device TLB invalidation that was"
                                        + " never sent")
                        .because("no ATC invalidation is ever sent")
                        .notTouching(BIND_03, UACCE_03)
                        .by(() -> without(Opcode.ATC_INV)),
                BrokenBackend.breaking(
                                "broadcast-is-taken-for-enough", UNMAP_01, UNMAP_28, UNMAP_30)
                        .as(
                                "class of bug: where the IOTLB follows broadcasts, the ATC is"
                                        + " forgotten")
                        .because(
                                "processors tell the IOTLB, and the driver tells nobody of what"
                                        + " is unmapped")
                        .notTouching(BIND_03, UACCE_03)
                        .by(Broadcasting.AtcForgotten::new),
                BrokenBackend.breaking("broadcasts-are-not-heard", UNMAP_01)
                        .as(
                                "class of bug: an SMMU that claims broadcast TLB maintenance and"
                                        + " is not wired to the processors")
                        .because("the driver leaves the IOTLB to broadcasts that do not reach it")
                        .notTouching(BIND_03, UACCE_03)
                        .by(Broadcasting.Unheard::new),
                BrokenBackend.breaking("only-the-first-device-is-told", UNMAP_06)
                        .as(
                                "7c29ada5e700, iommu/vt-d: device TLB invalidation not sent"
                                        + " to some functions")
                        .because("of several devices of an address space one is invalidated")
                        .notTouching(UNMAP_07, UNMAP_17)
                        .by(() ->
                                commanded(
                                        Opcode.ATC_INV,
                                        (words, command, before) -> {
                                            if (before > 0) {
                                                Miscommanded.blank(words, command);
                                            }
                                        })),
                BrokenBackend.breaking("atc-before-iotlb", UNMAP_03)
                        .perhapsAlso(UNMAP_01)
                        .as(
                                "353e3cf8590c, iommu/arm-smmu-v3: ATC invalidated before the"
                                        + " main TLB was clean")
                        .because("the ATC is told while the IOTLB is still stale, and refills")
                        .notTouching(UNMAP_07, UNMAP_17)
                        .by(AtcBeforeIotlb::new),
                BrokenBackend.breaking("completion-is-early", UNMAP_05, ATS_07)
                        .as(
                                "class of bug: an Invalidate Completion that overtakes"
                                        + " posted writes")
                        .because("an invalidation is complete while accesses that use it run on")
                        .notTouching(BIND_03, UACCE_03)
                        .by(() ->
                                new BothOf(
                                        quirk(EndpointQuirks.of(EndpointQuirk.EARLY_COMPLETION)),
                                        new SlowLink())),
                BrokenBackend.breaking("atc-needs-to-be-told-twice", UNMAP_01, UNMAP_15)
                        .as(
                                "e65a6897be5e, iommu/vt-d: devices that need each device TLB"
                                        + " invalidation twice")
                        .because("the ATC obeys the second invalidation only, and gets one")
                        .notTouching(BIND_03, UACCE_03)
                        .by(() -> quirk(EndpointQuirks.of(EndpointQuirk.LAZY_ATC))),
                BrokenBackend.breaking("read-only-is-final", UNMAP_18)
                        .as(
                                "6bbd42e2df8f, mmu_notifiers: a device that loops on a stale"
                                        + " read-only entry")
                        .because(
                                "nobody is told of wider permissions, and the IOMMU goes on"
                                        + " answering with the narrow ones")
                        .notTouching(UNMAP_01, UNMAP_17)
                        .by(() ->
                                new BothOf(
                                        NotificationFaults.deafTo(
                                                Call.MPROTECT_WIDER, Call.NONE, Call.STORE),
                                        AnswersKept.readOnlyOnes())),
                BrokenBackend.breaking("refusal-is-remembered", ATS_03)
                        .as(
                                "class of bug: a completion without permission is cached,"
                                        + " which ATS forbids")
                        .because("an address that was once refused is refused for ever")
                        .notTouching(BIND_03, UACCE_03)
                        .by(AnswersKept::refusals),
                BrokenBackend.breaking(
                                "write-permission-is-ignored",
                                BIND_27,
                                FAULT_03,
                                FAULT_24,
                                ATS_04,
                                FORK_05,
                                UNMAP_17)
                        .as(
                                "class of e06d24435596, iommu/vt-d: a permission of the"
                                        + " tables that is not enforced")
                        .because("devices write wherever they may read")
                        .notTouching(UNMAP_01, UNMAP_14)
                        .by(() ->
                                answers(entry ->
                                        (entry & TranslationEntry.R) != 0
                                                ? entry | TranslationEntry.W
                                                : entry)),
                BrokenBackend.breaking(
                                "translations-are-global", UNMAP_27, ATS_12, FORK_19, EXIT_20)
                        .as(
                                "class of bug: one tag for several address spaces, not told"
                                        + " apart by PASID")
                        .because("what is cached for one PASID holds for all")
                        .notTouching(UACCE_03, BIND_07)
                        .by(() ->
                                answers(entry ->
                                        TranslationEntry.access(entry) != 0
                                                ? entry | TranslationEntry.GLOBAL
                                                : entry)),
                BrokenBackend.breaking("translation-overtaken-by-an-invalidation", UNMAP_29)
                        .as("class of bug: a fill that races with an invalidation and" + " wins")
                        .because("an answer that an invalidation has overtaken is cached")
                        .notTouching(BIND_03, UACCE_03)
                        .by(() ->
                                new BothOf(
                                        quirk(EndpointQuirks.of(EndpointQuirk.STALE_FILL)),
                                        new SlowLink())),
                BrokenBackend.breaking("unbind-leaves-the-entry", EXIT_19, EXIT_21, EXIT_07)
                        .as(
                                "class of 75ed00055c05 (CVE-2026-45894), iommu/vt-d: tearing"
                                        + " a PASID entry down")
                        .because("unbinding leaves the PASID's entry valid")
                        .notTouching(UNMAP_01, BIND_03)
                        .by(EntryStaysLive::new));
    }
}
