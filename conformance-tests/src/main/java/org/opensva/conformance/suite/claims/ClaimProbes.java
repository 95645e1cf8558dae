package org.opensva.conformance.suite.claims;

import org.opensva.api.backend.Backend;
import org.opensva.api.backend.Capability;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.conformance.suite.bench.BenchSettings;
import org.opensva.conformance.suite.bench.Concurrent;
import org.opensva.conformance.suite.bench.Inconclusive;
import org.opensva.conformance.suite.bench.Limits;
import org.opensva.conformance.suite.bench.NotObservable;
import org.opensva.conformance.suite.bench.RuleViolation;
import org.opensva.conformance.suite.bench.TestBench;
import org.opensva.conformance.suite.claims.ClaimResult.Found;
import org.opensva.conformance.suite.claims.Probe.Seen;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Asks a backend for every capability, whether it claims it or not. What is claimed has to work;
 * what is not claimed has to be refused with {@code EOPNOTSUPP} or {@code ENOSYS} (an advice with
 * {@code EINVAL}, as {@code madvise(2)} has it), or not to be offered.
 *
 * <p><b>Threading.</b> One thread runs the probes; each probe runs in a thread of its own, so that
 * one that hangs costs no more than its limit.
 */
public final class ClaimProbes {

    private static final Set<Errno> REFUSALS = EnumSet.of(Errno.EOPNOTSUPP, Errno.ENOSYS);

    /** What has to be over before the machine is changed for good. */
    private static final Set<Capability> LAST = EnumSet.of(Capability.RESET, Capability.REMOVAL);

    private final Machines machines;
    private final long seed;
    private final Limits limits;

    /** Where the machines come from that probes work on. */
    public interface Machines {

        /**
         * A machine for one probe.
         *
         * @return an open backend
         */
        Backend acquire();

        /**
         * Takes it back.
         *
         * @param healthy false if nobody else may go on with it
         */
        void release(boolean healthy);
    }

    /**
     * Prepares the probes.
     *
     * @param machines where machines come from
     * @param seed the seed of the run
     * @param limits how long things may take
     */
    public ClaimProbes(Machines machines, long seed, Limits limits) {
        this.machines = machines;
        this.seed = seed;
        this.limits = limits;
    }

    /**
     * Asks for everything.
     *
     * @return one result for each capability, in the order of {@link Capability}
     */
    public List<ClaimResult> run() {
        List<ClaimResult> results = new ArrayList<>();
        for (boolean last : new boolean[] {false, true}) {
            for (Capability capability : Capability.values()) {
                if (LAST.contains(capability) == last) {
                    results.add(ask(capability));
                }
            }
        }
        results.sort(java.util.Comparator.comparing(ClaimResult::capability));
        return results;
    }

    ClaimResult ask(Capability capability) {
        Backend backend = machines.acquire();
        boolean claimed = backend.descriptor().claims(capability);
        TestBench bench =
                new TestBench(
                        backend,
                        new BenchSettings("claim." + capability.id(), List.of(), seed, limits));
        Concurrent<Seen> probe = Concurrent.start(() -> look(capability, bench));
        Optional<Seen> seen = probe.await(limits.job());
        boolean healthy = seen.isPresent() && seen.get().found() != Found.BROKEN;
        if (seen.isEmpty()) {
            probe.interrupt();
        }
        boolean closed = seen.isPresent() && closes(bench);
        try {
            machines.release(healthy && closed && !bench.isSpent());
        } catch (RuntimeException e) {
            // What does not close is for the rules about closing; the probe has its answer.
            healthy = false;
        }
        Seen answer =
                seen.orElseGet(() ->
                        Seen.broken(
                                "no answer within %d ms; it was at %s"
                                        .formatted(limits.job().toMillis(), probe.whereabouts())));
        return new ClaimResult(
                capability, claimed, found(capability, claimed, answer), answer.how());
    }

    /** What only says that nothing speaks against a claim is enough for one that is made. */
    private static Found found(Capability capability, boolean claimed, Seen seen) {
        boolean advice = capability == Capability.PAGEOUT || capability == Capability.HUGE_PAGES;
        return advice && claimed && seen.found() == Found.UNKNOWN ? Found.PRESENT : seen.found();
    }

    private static boolean closes(TestBench bench) {
        return Concurrent.start(
                        () -> {
                            try {
                                bench.close();
                                return true;
                            } catch (RuleViolation e) {
                                return false;
                            }
                        })
                .await(bench.limits().bounded())
                .orElse(false);
    }

    private static Seen look(Capability capability, TestBench bench) {
        try {
            return probe(capability).look(bench);
        } catch (ErrnoException e) {
            String said = String.valueOf(e.getMessage());
            return REFUSALS.contains(e.errno()) ? Seen.absent(said) : Seen.broken(said);
        } catch (Inconclusive | NotObservable e) {
            return Seen.unknown(String.valueOf(e.getMessage()));
        } catch (RuleViolation e) {
            return Seen.broken(
                    "expected %s, and saw: %s"
                            .formatted(e.evidence().expected(), e.evidence().seen()));
        } catch (CpuFaultException e) {
            return Seen.broken(String.valueOf(e.getMessage()));
        } catch (RuntimeException | Error e) {
            return Seen.broken(
                    "neither done nor refused: " + e.toString().lines().findFirst().orElse(""));
        }
    }

    private static Probe probe(Capability capability) {
        return switch (capability) {
            case FORK -> ProcessProbes::fork;
            case EXEC -> ProcessProbes::exec;
            case KILL -> ProcessProbes::kill;
            case THREADS -> ProcessProbes::threads;
            case SHARED_MEMORY -> ProcessProbes::sharedMemory;
            case FILE_TRUNCATE -> ProcessProbes::truncate;
            case MREMAP -> ProcessProbes::mremap;
            case HOLE_PUNCH -> ProcessProbes::punchHole;
            case WRITE_BACK -> ProcessProbes::writeBack;
            case MEMORY_LOCK -> ProcessProbes::lock;
            case GROWING_STACKS -> ProcessProbes::growingStack;
            case MPROTECT -> ProcessProbes::mprotect;
            case DISCARD -> ProcessProbes::discard;
            case PAGEOUT -> ProcessProbes::pageout;
            case HUGE_PAGES -> ProcessProbes::hugePages;
            case MEMORY_PRESSURE -> MachineProbes::memoryPressure;
            case DEMAND_PAGING -> MachineProbes::demandPaging;
            case PRI -> MachineProbes::pri;
            case STALL -> MachineProbes::stall;
            case ATS -> MachineProbes::ats;
            case TWO_DEVICES -> MachineProbes::twoDevices;
            case SECOND_IOMMU -> MachineProbes::secondIommu;
            case FAULT_RECORDS -> MachineProbes::faultRecords;
            case INTROSPECTION -> MachineProbes::introspection;
            case REMOVAL -> MachineProbes::removal;
            case RESET -> MachineProbes::reset;
            case ISOLATION -> MachineProbes::isolation;
            case ERROR_INJECTION -> MachineProbes::errorInjection;
            case SYSFS -> MachineProbes::sysfs;
            case VIRTUAL_FUNCTIONS -> MachineProbes::virtualFunctions;
            case PASS_HANDLE -> QueueProbes::passing;
            case PASID_VISIBLE -> QueueProbes::pasid;
            case SHARED_QUEUES -> QueueProbes::shared;
            case BATCH_SUBMIT -> QueueProbes::batch;
            case QUEUE_PRIORITIES -> QueueProbes::priorities;
            case FOREIGN_REFUSE -> QueueProbes::refusesForeign;
            case FOREIGN_OPENER -> QueueProbes::takesForeign;
            case QUEUE_STATES -> QueueProbes::states;
            case REGIONS -> QueueProbes::regions;
            case INSTANCES -> QueueProbes::instances;
            case POLL -> QueueProbes::poll;
            case PASID_LIMIT, STOP_PASID ->
                    bench -> Seen.unknown("what devices can do is shown by the rules about it");
            case DIRECT_SUBMIT, EXECUTE_PERMISSION ->
                    bench -> Seen.unknown("no call tells it apart from its absence");
        };
    }
}
