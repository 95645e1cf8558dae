package org.opensva.conformance.tests;

import static org.opensva.conformance.rules.RuleId.FORK_24;

import org.junit.jupiter.api.Test;
import org.opensva.api.ats.TranslationEntry;
import org.opensva.api.backend.Capability;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.Access;
import org.opensva.api.memory.FrameAllocator;
import org.opensva.api.memory.OutOfFramesException;
import org.opensva.api.process.Advice;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.Covers;
import org.opensva.conformance.suite.RuleTests;
import org.opensva.conformance.suite.bench.BoundDevice;
import org.opensva.conformance.suite.bench.Memory;
import org.opensva.conformance.suite.bench.NotObservable;
import org.opensva.conformance.suite.bench.TestBench;
import org.opensva.conformance.suite.parts.ProbeDevice;
import org.opensva.conformance.suite.parts.ProbeTraits;

import java.util.ArrayDeque;
import java.util.Deque;

/** A fork that runs out of memory in the middle. */
@RuleTests
class FailedForkTests {

    private static final int PLACES = 12;

    private static final int ATTEMPTS = 9;

    private static final int BALLAST = 250;

    /** The machine's memory, all but some frames of it taken by the suite. */
    private static final class Squeeze implements AutoCloseable {

        /** A block of memory. */
        private record Block(long address, int order) {}

        private final FrameAllocator frames;
        private final Deque<Block> taken = new ArrayDeque<>();

        Squeeze(FrameAllocator frames) {
            this.frames = frames;
        }

        void takeAll() {
            for (int order = 18; order >= 0; order--) {
                // What is left after each is in smaller blocks.
                while (took(order)) {
                    Thread.onSpinWait();
                }
            }
        }

        private boolean took(int order) {
            try {
                taken.push(new Block(frames.allocate(order), order));
                return true;
            } catch (OutOfFramesException e) {
                return false;
            }
        }

        /** Gives some frames back. */
        void spare(int count) {
            int left = count;
            while (left > 0 && !taken.isEmpty()) {
                Block block = taken.pop();
                frames.free(block.address(), block.order());
                left -= 1 << block.order();
            }
        }

        @Override
        public void close() {
            while (!taken.isEmpty()) {
                Block block = taken.pop();
                frames.free(block.address(), block.order());
            }
        }
    }

    @Test
    @Covers(FORK_24)
    void aForkThatFailsHalfwayLeavesNoWiderTranslation(TestBench bench) {
        FrameAllocator frames =
                bench.parts()
                        .frames()
                        .orElseThrow(() -> new NotObservable("the backend hides its memory"));
        ProbeDevice probe = ProbeDevice.plug(bench, ProbeTraits.asClaimed(bench));
        SvaProcess process = bench.process("parent");
        int pasid = probe.bind(process).pasid().value();
        BoundDevice device = bench.device(process);
        Memory[] places = new Memory[PLACES];
        for (int i = 0; i < PLACES; i++) {
            // Far apart, so that each place takes page tables of its own to copy.
            bench.map(process, 1500);
            places[i] = bench.memory(process, 2 + ATTEMPTS, "the parent's memory");
            places[i].writeBy(device, 0, "by the parent's device before fork");
        }
        ballast(bench, process);
        boolean failed = false;
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            failed |= fork(bench, frames, process, probe, pasid, places, attempt);
            for (Memory place : places) {
                place.mustHold("the parent's memory after a fork that failed");
                if (!bench.claims(Capability.DEMAND_PAGING)) {
                    // The device cannot have a write-protected page made writable.
                    place.store(0, "the parent's store after a fork that failed");
                }
                place.writeBy(device, 0, "by the parent's device after a fork that failed");
                place.mustHold("the parent's memory, written by its device");
            }
        }
        if (!failed) {
            throw new NotObservable("no fork failed for want of memory");
        }
    }

    /**
     * Memory whose copy takes page tables, and that nothing can be had for: pages that are out
     * already, where pages can be reclaimed.
     */
    private static void ballast(TestBench bench, SvaProcess process) {
        for (int i = 0; i < BALLAST; i++) {
            bench.map(process, 1500);
            Memory page = bench.memory(process, 1, "ballast");
            if (bench.claims(Capability.PAGEOUT)) {
                process.madvise(page.address(), page.length(), Advice.PAGEOUT);
            }
        }
    }

    private static boolean fork(
            TestBench bench,
            FrameAllocator frames,
            SvaProcess process,
            ProbeDevice probe,
            int pasid,
            Memory[] places,
            int attempt) {
        int spare = attempt * 3;
        for (Memory place : places) {
            place.store("the parent's store");
        }
        for (Memory place : places) {
            writable(probe, pasid, place, 0);
        }
        int mark = probe.invalidations().size();
        bench.step("fork with %d page frames left in the machine", spare);
        try (Squeeze squeeze = new Squeeze(frames)) {
            squeeze.takeAll();
            squeeze.spare(spare);
            try {
                process.fork().close();
                return false;
            } catch (ErrnoException e) {
                if (!process.isAlive()) {
                    throw new NotObservable("memory was short, and the parent was killed for it");
                }
                bench.check(
                        e.errno() == Errno.ENOMEM,
                        "a fork that finds no memory to be refused with ENOMEM",
                        String.valueOf(e.getMessage()));
            }
            for (int i = 0; i < places.length; i++) {
                // Of this page nobody below the page tables has heard: it tells what fork did.
                boolean narrowed = !writable(probe, pasid, places[i], 1 + attempt);
                long page = places[i].page(0);
                bench.check(
                        !narrowed
                                || !probe.supportsAts()
                                || probe.invalidations().stream()
                                        .skip(mark)
                                        .anyMatch(request ->
                                                (request.pasid() == pasid
                                                                || request.pasid() == Pasid.NONE)
                                                        && request.covers(page)),
                        "the device to be told of a page that the failed fork write-protected",
                        "it was not, for 0x" + Long.toHexString(page));
            }
        }
        return true;
    }

    private static boolean writable(ProbeDevice probe, int pasid, Memory place, int page) {
        long entry = probe.translate(pasid, Access.READ | Access.WRITE, place.page(page));
        return (TranslationEntry.access(entry) & Access.WRITE) != 0;
    }
}
