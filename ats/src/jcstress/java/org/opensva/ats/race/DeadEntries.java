package org.opensva.ats.race;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Description;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;
import org.opensva.ats.EndpointQuirk;
import org.opensva.ats.EndpointQuirks;

/** An access that uses a cached translation, against the invalidation of it. */
public final class DeadEntries {

    private DeadEntries() {}

    /** A cached page is read while it is invalidated. */
    @JCStressTest
    @Description("A cached page is read while it is invalidated.")
    @Outcome(id = "1, 7", expect = Expect.ACCEPTABLE, desc = "read before the completion")
    @Outcome(id = "-1, 7", expect = Expect.ACCEPTABLE, desc = "refused")
    @Outcome(id = "7, 7", expect = Expect.FORBIDDEN, desc = "read what the next owner put there")
    @State
    public static class ReadPage {

        private final Machine machine = new Machine(EndpointQuirks.NONE);

        /** Creates the state, with the translation cached. */
        public ReadPage() {
            machine.read();
        }

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
         * The end.
         *
         * @param r the outcome
         */
        @Arbiter
        public void end(II_Result r) {
            machine.atCompletion();
            r.r2 = machine.atEnd();
        }
    }

    /** A cached page is read while its PASID is invalidated. */
    @JCStressTest
    @Description("A cached page is read while its PASID is invalidated.")
    @Outcome(id = "1, 7", expect = Expect.ACCEPTABLE, desc = "read before the completion")
    @Outcome(id = "-1, 7", expect = Expect.ACCEPTABLE, desc = "refused")
    @Outcome(id = "7, 7", expect = Expect.FORBIDDEN, desc = "read what the next owner put there")
    @State
    public static class ReadPasid {

        private final Machine machine = new Machine(EndpointQuirks.NONE);

        /** Creates the state, with the translation cached. */
        public ReadPasid() {
            machine.read();
        }

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
         * The end.
         *
         * @param r the outcome
         */
        @Arbiter
        public void end(II_Result r) {
            machine.atCompletion();
            r.r2 = machine.atEnd();
        }
    }

    /** A cached page is read while its address is invalidated for all PASIDs. */
    @JCStressTest
    @Description("A cached page is read while its address is invalidated for all PASIDs.")
    @Outcome(id = "1, 7", expect = Expect.ACCEPTABLE, desc = "read before the completion")
    @Outcome(id = "-1, 7", expect = Expect.ACCEPTABLE, desc = "refused")
    @Outcome(id = "7, 7", expect = Expect.FORBIDDEN, desc = "read what the next owner put there")
    @State
    public static class ReadEverywhere {

        private final Machine machine = new Machine(EndpointQuirks.NONE);

        /** Creates the state, with the translation cached. */
        public ReadEverywhere() {
            machine.read();
        }

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
         * The end.
         *
         * @param r the outcome
         */
        @Arbiter
        public void end(II_Result r) {
            machine.atCompletion();
            r.r2 = machine.atEnd();
        }
    }

    /** A cached page is written while it is invalidated. */
    @JCStressTest
    @Description("A cached page is written while it is invalidated.")
    @Outcome(id = "2, 2, 7", expect = Expect.ACCEPTABLE, desc = "written before the completion")
    @Outcome(id = "-1, 1, 7", expect = Expect.ACCEPTABLE, desc = "refused")
    @Outcome(id = "2, .*", expect = Expect.FORBIDDEN, desc = "written after the completion")
    @State
    public static class WritePage {

        private final Machine machine = new Machine(EndpointQuirks.NONE);

        /** Creates the state, with the translation cached. */
        public WritePage() {
            machine.read();
        }

        /**
         * The device.
         *
         * @param r the outcome
         */
        @Actor
        public void device(III_Result r) {
            r.r1 = machine.write();
        }

        /** The host. */
        @Actor
        public void host() {
            machine.unmapPage();
        }

        /**
         * The end.
         *
         * @param r the outcome
         */
        @Arbiter
        public void end(III_Result r) {
            r.r2 = machine.atCompletion();
            r.r3 = machine.atEnd();
        }
    }

    /** A cached page is written while its PASID is invalidated. */
    @JCStressTest
    @Description("A cached page is written while its PASID is invalidated.")
    @Outcome(id = "2, 2, 7", expect = Expect.ACCEPTABLE, desc = "written before the completion")
    @Outcome(id = "-1, 1, 7", expect = Expect.ACCEPTABLE, desc = "refused")
    @Outcome(id = "2, .*", expect = Expect.FORBIDDEN, desc = "written after the completion")
    @State
    public static class WritePasid {

        private final Machine machine = new Machine(EndpointQuirks.NONE);

        /** Creates the state, with the translation cached. */
        public WritePasid() {
            machine.read();
        }

        /**
         * The device.
         *
         * @param r the outcome
         */
        @Actor
        public void device(III_Result r) {
            r.r1 = machine.write();
        }

        /** The host. */
        @Actor
        public void host() {
            machine.unmapPasid();
        }

        /**
         * The end.
         *
         * @param r the outcome
         */
        @Arbiter
        public void end(III_Result r) {
            r.r2 = machine.atCompletion();
            r.r3 = machine.atEnd();
        }
    }

    /** A device that completes early reads a page that is invalidated. */
    @JCStressTest
    @Description("A device that completes early reads a page that is invalidated.")
    @Outcome(id = "1, 7", expect = Expect.ACCEPTABLE, desc = "read before the completion")
    @Outcome(id = "-1, 7", expect = Expect.ACCEPTABLE, desc = "refused")
    @Outcome(
            id = "7, 7",
            expect = Expect.ACCEPTABLE_INTERESTING,
            desc = "this device is broken, and found")
    @State
    public static class BrokenRead {

        private final Machine machine =
                new Machine(EndpointQuirks.of(EndpointQuirk.EARLY_COMPLETION));

        /** Creates the state, with the translation cached. */
        public BrokenRead() {
            machine.read();
        }

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
         * The end.
         *
         * @param r the outcome
         */
        @Arbiter
        public void end(II_Result r) {
            machine.atCompletion();
            r.r2 = machine.atEnd();
        }
    }

    /** A device that completes early writes a page that is invalidated. */
    @JCStressTest
    @Description("A device that completes early writes a page that is invalidated.")
    @Outcome(id = "2, 2, 7", expect = Expect.ACCEPTABLE, desc = "written before the completion")
    @Outcome(id = "-1, 1, 7", expect = Expect.ACCEPTABLE, desc = "refused")
    @Outcome(
            id = "2, .*",
            expect = Expect.ACCEPTABLE_INTERESTING,
            desc = "this device is broken, and found")
    @State
    public static class BrokenWrite {

        private final Machine machine =
                new Machine(EndpointQuirks.of(EndpointQuirk.EARLY_COMPLETION));

        /** Creates the state, with the translation cached. */
        public BrokenWrite() {
            machine.read();
        }

        /**
         * The device.
         *
         * @param r the outcome
         */
        @Actor
        public void device(III_Result r) {
            r.r1 = machine.write();
        }

        /** The host. */
        @Actor
        public void host() {
            machine.unmapPage();
        }

        /**
         * The end.
         *
         * @param r the outcome
         */
        @Arbiter
        public void end(III_Result r) {
            r.r2 = machine.atCompletion();
            r.r3 = machine.atEnd();
        }
    }
}
