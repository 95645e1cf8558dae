package org.opensva.conformance.suite.claims;

import org.opensva.api.memory.Protection;
import org.opensva.api.process.Advice;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.MapFlag;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.Signal;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.bench.Alias;
import org.opensva.conformance.suite.bench.TestBench;
import org.opensva.conformance.suite.claims.Probe.Seen;

import java.util.EnumSet;

/** What processes can do. */
final class ProcessProbes {

    private static final long STORED = 0x5eed_c1a1_0000_0001L;

    private ProcessProbes() {}

    static Seen fork(TestBench bench) {
        SvaProcess parent = bench.process("parent");
        long page = bench.map(parent, 1);
        parent.storeLong(page, STORED);
        SvaProcess child = bench.fork(parent);
        return holds(child.loadLong(page), "a forked child has its parent's memory");
    }

    static Seen exec(TestBench bench) {
        SvaProcess process = bench.process("to be replaced");
        long page = bench.map(process, 1);
        process.storeLong(page, STORED);
        process.exec();
        try {
            long left = process.loadLong(page);
            return left == STORED
                    ? Seen.broken("after exec the process still has its old memory")
                    : Seen.present("exec gave the process another address space");
        } catch (CpuFaultException gone) {
            return Seen.present("exec gave the process an empty address space");
        }
    }

    static Seen kill(TestBench bench) {
        SvaProcess process = bench.process("to be killed");
        process.kill(Signal.SIGKILL);
        return process.awaitTermination(bench.limits().bounded()) && !process.isAlive()
                ? Seen.present("a killed process ended")
                : Seen.broken("kill was accepted, and the process lives");
    }

    static Seen threads(TestBench bench) {
        SvaProcess parent = bench.process("parent");
        long page = bench.map(parent, 1);
        SvaProcess child = bench.adopt(parent.vfork());
        child.storeLong(page, STORED);
        return holds(parent.loadLong(page), "a vforked child stores into its parent's memory");
    }

    static Seen sharedMemory(TestBench bench) {
        Alias alias = bench.alias(bench.process("owner"), 1);
        SvaProcess process = alias.first().process();
        process.storeLong(alias.first().address(), STORED);
        return holds(
                process.loadLong(alias.second().address()),
                "a memory object that is mapped twice is the same in both places");
    }

    static Seen truncate(TestBench bench) {
        SvaProcess process = bench.process("owner");
        int fd = process.createSharedMemory(bench.pages(2));
        long address = process.mmap(MapRequest.sharedFile(fd, 0, bench.pages(2)));
        process.storeLong(address + bench.pages(1), STORED);
        process.truncate(fd, bench.pageSize());
        try {
            process.loadLong(address + bench.pages(1));
        } catch (CpuFaultException gone) {
            return Seen.present("a page behind the new end of a memory object is gone");
        }
        return Seen.broken("truncate was accepted, and the page behind the new end is there");
    }

    static Seen mremap(TestBench bench) {
        SvaProcess process = bench.process("owner");
        long address = bench.map(process, 1);
        process.storeLong(address, STORED);
        // Something behind it, so that it has to move.
        bench.map(process, 1);
        long moved = process.mremap(address, bench.pages(1), bench.pages(4), true);
        process.storeLong(moved + bench.pages(3), STORED);
        return holds(process.loadLong(moved), "a mapping grew with its contents");
    }

    static Seen mprotect(TestBench bench) {
        SvaProcess process = bench.process("owner");
        long address = bench.map(process, 1);
        process.storeLong(address, STORED);
        process.mprotect(address, bench.pageSize(), Protection.READ);
        try {
            process.storeLong(address, 0);
        } catch (CpuFaultException refused) {
            return holds(process.loadLong(address), "a page became read-only");
        }
        return Seen.broken("mprotect was accepted, and the page can still be written");
    }

    static Seen punchHole(TestBench bench) {
        SvaProcess process = bench.process("owner");
        int fd = process.createSharedMemory(bench.pages(2));
        long address = process.mmap(MapRequest.sharedFile(fd, 0, bench.pages(2)));
        process.storeLong(address, STORED);
        process.punchHole(fd, 0, bench.pageSize());
        return process.loadLong(address) == 0
                ? Seen.present("a hole in a memory object reads zero")
                : Seen.broken("a hole was accepted, and its page has its old contents");
    }

    static Seen writeBack(TestBench bench) {
        SvaProcess process = bench.process("owner");
        int fd = process.createFile(bench.pageSize());
        long address = process.mmap(MapRequest.sharedFile(fd, 0, bench.pageSize()));
        process.storeLong(address, STORED);
        process.msync(address, bench.pageSize());
        return holds(process.loadLong(address), "a page of a file was written back and is there");
    }

    static Seen lock(TestBench bench) {
        SvaProcess process = bench.process("owner");
        long address = bench.map(process, 1);
        process.storeLong(address, STORED);
        process.mlock(address, bench.pageSize(), false);
        long seen = process.loadLong(address);
        process.munlock(address, bench.pageSize());
        return holds(seen, "a page was locked and let go again");
    }

    static Seen growingStack(TestBench bench) {
        SvaProcess process = bench.process("owner");
        // Room for it to grow: what was mapped here is not there any more.
        long room = bench.map(process, 64);
        process.munmap(room, bench.pages(64));
        long top = room + bench.pages(60);
        long address =
                process.mmap(
                        MapRequest.anonymous(bench.pages(2)).at(top),
                        EnumSet.of(MapFlag.GROWSDOWN));
        process.storeLong(address - Long.BYTES, STORED);
        return holds(process.loadLong(address - Long.BYTES), "a stack grew where it was used");
    }

    static Seen discard(TestBench bench) {
        SvaProcess process = bench.process("owner");
        long address = bench.map(process, 1);
        process.storeLong(address, STORED);
        if (!takes(process, address, bench.pageSize(), Advice.DONTNEED)) {
            return Seen.absent("the advice DONTNEED is refused with EINVAL");
        }
        return process.loadLong(address) == 0
                ? Seen.present("a page that was discarded reads zero")
                : Seen.broken("DONTNEED was accepted, and the page has its old contents");
    }

    static Seen pageout(TestBench bench) {
        return advice(bench, Advice.PAGEOUT, 1);
    }

    static Seen hugePages(TestBench bench) {
        return advice(bench, Advice.HUGEPAGE, bench.pageSize() / Long.BYTES);
    }

    /** An advice may be taken and change nothing; that it is taken shows no more than that. */
    private static Seen advice(TestBench bench, Advice advice, long pages) {
        SvaProcess process = bench.process("owner");
        long address = bench.map(process, pages);
        process.storeLong(address, STORED);
        if (!takes(process, address, bench.pages(pages), advice)) {
            return Seen.absent("the advice %s is refused with EINVAL".formatted(advice));
        }
        if (process.loadLong(address) != STORED) {
            return Seen.broken("the advice %s changed the contents of a page".formatted(advice));
        }
        return Seen.unknown(
                "the advice %s is taken, which does not show what it does".formatted(advice));
    }

    /** False if the advice is not known ({@code madvise(2)}: EINVAL). */
    private static boolean takes(SvaProcess process, long address, long length, Advice advice) {
        try {
            process.madvise(address, length, advice);
            return true;
        } catch (ErrnoException e) {
            if (e.errno() == Errno.EINVAL) {
                return false;
            }
            throw e;
        }
    }

    private static Seen holds(long seen, String what) {
        return seen == STORED
                ? Seen.present(what)
                : Seen.broken(
                        "not so: %s; 0x%x was there instead of 0x%x".formatted(what, seen, STORED));
    }
}
