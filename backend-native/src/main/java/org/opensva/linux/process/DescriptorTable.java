package org.opensva.linux.process;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import org.jspecify.annotations.Nullable;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.FileTable;
import org.opensva.api.process.OpenFile;
import org.opensva.linux.abi.Descriptor;
import org.opensva.linux.abi.KernelErrors;
import org.opensva.linux.abi.SystemCall;
import org.opensva.linux.mm.SharedMemory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What the descriptors of a process mean. The descriptors themselves are real: the kernel inherits
 * them over fork, closes them at exec and at the end, and passes them in messages.
 *
 * <p><b>Threading.</b> Any thread may call. No lock is held while a file is released.
 */
final class DescriptorTable implements FileTable {

    private static final int O_NONBLOCK_CLOEXEC = 0x80800;

    /** What a descriptor means: a device file, or a memory object. */
    sealed interface Meaning {}

    record DeviceFile(FileToken token) implements Meaning {}

    record MemoryFile(SharedMemory object) implements Meaning {}

    private record Entry(Meaning meaning, boolean closeOnExec) {}

    private final HostProcess process;
    private final Map<Integer, Entry> entries = new HashMap<>();

    /** Objects that the process may have open or mapped: one reference each, until its end. */
    private final Set<SharedMemory> objects = new HashSet<>();

    private boolean ended;

    DescriptorTable(HostProcess process) {
        this.process = process;
    }

    /** The table of a child: the same meanings under the same numbers. */
    synchronized void inherit(DescriptorTable parent) {
        synchronized (parent) {
            entries.putAll(parent.entries);
            parent.objects.forEach(object -> {
                object.acquire();
                objects.add(object);
            });
        }
    }

    @Override
    public int install(OpenFile file, boolean closeOnExec) {
        String call = "open " + file.name();
        process.requireAlive(call);
        Descriptor[] pipe = pipe();
        FileToken token =
                new FileToken(process.host().kernel(), file, pipe[0], process.host()::fileReleased);
        int fd = -1;
        try (Descriptor writeEnd = pipe[1]) {
            fd = give(call, writeEnd, new DeviceFile(token), closeOnExec);
            process.host().fileOpened();
        } finally {
            if (fd < 0) {
                token.abandon();
            }
        }
        // The process may have been killed while this side had a copy.
        token.settle();
        return fd;
    }

    private Descriptor[] pipe() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment fds = arena.allocate(8, 8);
            KernelErrors.check(
                    process.host()
                            .kernel()
                            .call(SystemCall.PIPE2, fds.address(), O_NONBLOCK_CLOEXEC, 0),
                    "pipe2");
            return new Descriptor[] {
                new Descriptor(process.host().kernel(), fds.get(JAVA_INT, 0)),
                new Descriptor(process.host().kernel(), fds.get(JAVA_INT, 4))
            };
        }
    }

    private int give(String call, Descriptor descriptor, Meaning meaning, boolean closeOnExec) {
        return process.agent(
                call,
                agent -> {
                    long fd = agent.channel().give(descriptor.number(), closeOnExec);
                    KernelErrors.check(fd, call);
                    put((int) fd, meaning, closeOnExec);
                    return (int) fd;
                });
    }

    /** Notes what a new descriptor means. */
    synchronized void put(int fd, Meaning meaning, boolean closeOnExec) {
        if (ended) {
            throw new ErrnoException(Errno.ESRCH, "open", "the process has ended");
        }
        entries.put(fd, new Entry(meaning, closeOnExec));
    }

    /** The process has an object from now on; the reference is the table's. */
    synchronized void own(SharedMemory object) {
        objects.add(object);
    }

    @Override
    public int receive(FileTable from, int fd) {
        String call = "receive descriptor " + fd;
        if (!(from instanceof DescriptorTable sender)) {
            throw new ErrnoException(Errno.EBADF, call, "it belongs to another kernel");
        }
        Meaning meaning = sender.meaning(call, fd);
        try (Descriptor copy = sender.process.agent(call, agent -> agent.channel().take(fd))) {
            // Under the lock of the sender's table the object cannot go; here it is held by a copy.
            if (meaning instanceof MemoryFile memory) {
                share(memory.object());
            }
            return give(call, copy, meaning, false);
        } finally {
            if (meaning instanceof DeviceFile device) {
                // Its last descriptor may have been closed while this side had a copy.
                device.token().settle();
            }
        }
    }

    private synchronized void share(SharedMemory object) {
        if (objects.add(object)) {
            object.acquire();
        }
    }

    @Override
    public synchronized Optional<OpenFile> get(int fd) {
        Entry entry = entries.get(fd);
        return entry != null && entry.meaning() instanceof DeviceFile device
                ? Optional.of(device.token().file())
                : Optional.empty();
    }

    synchronized @Nullable Meaning find(int fd) {
        Entry entry = entries.get(fd);
        return entry == null ? null : entry.meaning();
    }

    private Meaning meaning(String call, int fd) {
        Meaning meaning = find(fd);
        if (meaning == null) {
            throw new ErrnoException(Errno.EBADF, call, "it is not open");
        }
        return meaning;
    }

    @Override
    public void close(int fd) {
        String call = "close(" + fd + ")";
        Meaning meaning =
                process.agent(
                        call,
                        agent -> {
                            Meaning found = meaning(call, fd);
                            KernelErrors.check(agent.channel().call(SystemCall.CLOSE, fd), call);
                            synchronized (this) {
                                entries.remove(fd);
                            }
                            return found;
                        });
        if (meaning instanceof DeviceFile device) {
            device.token().settle();
        }
    }

    /**
     * The kernel has closed what is marked close-on-exec.
     *
     * @return the files to settle when no lock is held
     */
    List<FileToken> exec() {
        List<FileToken> tokens = new ArrayList<>();
        synchronized (this) {
            entries.values()
                    .removeIf(entry -> {
                        if (entry.closeOnExec() && entry.meaning() instanceof DeviceFile device) {
                            tokens.add(device.token());
                        }
                        return entry.closeOnExec();
                    });
        }
        return tokens;
    }

    /** The kernel has closed everything. */
    void end() {
        List<FileToken> tokens = new ArrayList<>();
        List<SharedMemory> last;
        synchronized (this) {
            ended = true;
            entries.values()
                    .forEach(entry -> {
                        if (entry.meaning() instanceof DeviceFile device) {
                            tokens.add(device.token());
                        }
                    });
            entries.clear();
            last = List.copyOf(objects);
            objects.clear();
        }
        try {
            settle(tokens);
        } finally {
            last.forEach(SharedMemory::release);
        }
    }

    /** Releases those that nobody has open any more. */
    static void settle(List<FileToken> tokens) {
        RuntimeException first = null;
        for (FileToken token : tokens) {
            try {
                token.settle();
            } catch (RuntimeException e) {
                // One broken driver must not keep the files of the others open.
                if (first == null) {
                    first = e;
                } else {
                    first.addSuppressed(e);
                }
            }
        }
        if (first != null) {
            throw first;
        }
    }
}
