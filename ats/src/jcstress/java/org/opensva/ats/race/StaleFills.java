package org.opensva.ats.race;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Description;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.opensva.ats.EndpointQuirk;
import org.opensva.ats.EndpointQuirks;

/** A translation request and its answer, against the invalidation of it. */
public final class StaleFills {

    private StaleFills() {}

    /** A page is fetched while it is invalidated. */
    @JCStressTest
    @Description("A page is fetched while it is invalidated.")
    @Outcome(id = "1, -1", expect = Expect.ACCEPTABLE, desc = "read before the completion")
    @Outcome(id = "-1, -1", expect = Expect.ACCEPTABLE, desc = "refused")
    @Outcome(id = "(1|7), .*", expect = Expect.FORBIDDEN, desc = "a stale answer was used")
    @State
    public static class FillPage {

        private final Machine machine = new Machine(EndpointQuirks.NONE);

        /**
         * The device.
         *
         * @param r the outcome
         */
        @Actor
        public void device(II_Result r) {
            r.r1 = machine.read();
        }

        /** The host. */
        @Actor
        public void host() {
            machine.unmapPage();
        }

        /**
         * The end: the device reads again.
         *
         * @param r the outcome
         */
        @Arbiter
        public void end(II_Result r) {
            machine.atCompletion();
            r.r2 = machine.read();
        }
    }

    /** A page is fetched while its PASID is invalidated. */
    @JCStressTest
    @Description("A page is fetched while its PASID is invalidated.")
    @Outcome(id = "1, -1", expect = Expect.ACCEPTABLE, desc = "read before the completion")
    @Outcome(id = "-1, -1", expect = Expect.ACCEPTABLE, desc = "refused")
    @Outcome(id = "(1|7), .*", expect = Expect.FORBIDDEN, desc = "a stale answer was used")
    @State
    public static class FillPasid {

        private final Machine machine = new Machine(EndpointQuirks.NONE);

        /**
         * The device.
         *
         * @param r the outcome
         */
        @Actor
        public void device(II_Result r) {
            r.r1 = machine.read();
        }

        /** The host. */
        @Actor
        public void host() {
            machine.unmapPasid();
        }

        /**
         * The end: the device reads again.
         *
         * @param r the outcome
         */
        @Arbiter
        public void end(II_Result r) {
            machine.atCompletion();
            r.r2 = machine.read();
        }
    }

    /** A page is fetched while its address is invalidated for all PASIDs. */
    @JCStressTest
    @Description("A page is fetched while its address is invalidated for all PASIDs.")
    @Outcome(id = "1, -1", expect = Expect.ACCEPTABLE, desc = "read before the completion")
    @Outcome(id = "-1, -1", expect = Expect.ACCEPTABLE, desc = "refused")
    @Outcome(id = "(1|7), .*", expect = Expect.FORBIDDEN, desc = "a stale answer was used")
    @State
    public static class FillEverywhere {

        private final Machine machine = new Machine(EndpointQuirks.NONE);

        /**
         * The device.
         *
         * @param r the outcome
         */
        @Actor
        public void device(II_Result r) {
            r.r1 = machine.read();
        }

        /** The host. */
        @Actor
        public void host() {
            machine.unmapEverywhere();
        }

        /**
         * The end: the device reads again.
         *
         * @param r the outcome
         */
        @Arbiter
        public void end(II_Result r) {
            machine.atCompletion();
            r.r2 = machine.read();
        }
    }

    /** A device that keeps stale answers fetches a page that is invalidated. */
    @JCStressTest
    @Description("A device that keeps stale answers fetches a page that is invalidated.")
    @Outcome(id = "1, -1", expect = Expect.ACCEPTABLE, desc = "read before the completion")
    @Outcome(id = "-1, -1", expect = Expect.ACCEPTABLE, desc = "refused")
    @Outcome(
            id = "(1|7), .*",
            expect = Expect.ACCEPTABLE_INTERESTING,
            desc = "this device is broken, and found")
    @State
    public static class BrokenFill {

        private final Machine machine = new Machine(EndpointQuirks.of(EndpointQuirk.STALE_FILL));

        /**
         * The device.
         *
         * @param r the outcome
         */
        @Actor
        public void device(II_Result r) {
            r.r1 = machine.read();
        }

        /** The host. */
        @Actor
        public void host() {
            machine.unmapPage();
        }

        /**
         * The end: the device reads again.
         *
         * @param r the outcome
         */
        @Arbiter
        public void end(II_Result r) {
            machine.atCompletion();
            r.r2 = machine.read();
        }
    }

    /** A page is prefetched while it is invalidated. */
    @JCStressTest
    @Description("A page is prefetched while it is invalidated.")
    @Outcome(id = "(0|1), -1", expect = Expect.ACCEPTABLE, desc = "nothing stale was kept")
    @Outcome(id = "(0|1), (1|7)", expect = Expect.FORBIDDEN, desc = "a stale answer was kept")
    @State
    public static class PrefetchPage {

        private final Machine machine = new Machine(EndpointQuirks.NONE);

        /**
         * The device.
         *
         * @param r the outcome
         */
        @Actor
        public void device(II_Result r) {
            r.r1 = machine.prefetch();
        }

        /** The host. */
        @Actor
        public void host() {
            machine.unmapPage();
        }

        /**
         * The end: the device reads.
         *
         * @param r the outcome
         */
        @Arbiter
        public void end(II_Result r) {
            machine.atCompletion();
            r.r2 = machine.read();
        }
    }

    /** A device that keeps stale answers prefetches a page that is invalidated. */
    @JCStressTest
    @Description("A device that keeps stale answers prefetches a page that is invalidated.")
    @Outcome(id = "(0|1), -1", expect = Expect.ACCEPTABLE, desc = "nothing stale was kept")
    @Outcome(
            id = "(0|1), (1|7)",
            expect = Expect.ACCEPTABLE_INTERESTING,
            desc = "this device is broken, and found")
    @State
    public static class BrokenPrefetch {

        private final Machine machine = new Machine(EndpointQuirks.of(EndpointQuirk.STALE_FILL));

        /**
         * The device.
         *
         * @param r the outcome
         */
        @Actor
        public void device(II_Result r) {
            r.r1 = machine.prefetch();
        }

        /** The host. */
        @Actor
        public void host() {
            machine.unmapPage();
        }

        /**
         * The end: the device reads.
         *
         * @param r the outcome
         */
        @Arbiter
        public void end(II_Result r) {
            machine.atCompletion();
            r.r2 = machine.read();
        }
    }
}
