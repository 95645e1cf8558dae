package org.opensva.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.opensva.linux.TestedHost.LIMIT;
import static org.opensva.linux.TestedHost.fill;
import static org.opensva.linux.TestedHost.open;
import static org.opensva.linux.TestedHost.started;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.backend.Backend;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.AddressSpaceListener;
import org.opensva.api.process.Handover;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.linux.abi.Architecture;
import org.opensva.linux.abi.SystemCall;
import org.opensva.linux.abi.SystemCalls;
import org.opensva.linux.abi.Userfaultfd;
import org.opensva.linux.agent.AgentImage;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;

/** Nobody waits for an answer that does not come: from a page, a listener, a connection. */
@EnabledOnOs(value = OS.LINUX, disabledReason = "this is about Linux")
class UnansweredTest {

    private static final int PAGE = 4096;
    private static final int STRUCTURE = 2048;

    private final SystemCalls kernel = new SystemCalls(Architecture.host().orElseThrow());

    @TempDir Path folder;

    private static long control(Foreigner foreigner, long fd, long command, long... words) {
        ByteBuffer bytes = ByteBuffer.allocate(8 * words.length).order(ByteOrder.LITTLE_ENDIAN);
        for (long word : words) {
            bytes.putLong(word);
        }
        long place = foreigner.does().scratch(STRUCTURE, bytes.array());
        assertEquals(AgentImage.SCRATCH + STRUCTURE, place);
        return foreigner.does().call(SystemCall.IOCTL, fd, command, place);
    }

    /** Whoever of the process touches this page waits for it to supply it, which it never does. */
    private static long pageThatNeverComes(Foreigner foreigner) {
        long own = foreigner.does().call(SystemCall.USERFAULTFD, Userfaultfd.FLAGS);
        assumeTrue(own >= 0, "this user has no userfaultfd that stops the kernel");
        assertEquals(0, control(foreigner, own, Userfaultfd.IOCTL_API, Userfaultfd.API, 0, 0));
        long page = foreigner.map(0, PAGE, 3);
        int missing = 1;
        assertEquals(
                0, control(foreigner, own, Userfaultfd.IOCTL_REGISTER, page, PAGE, missing, 0));
        return page;
    }

    @Test
    void aPageThatNeverComesIsAFaultAndHurtsNobodyElse() {
        try (Foreigner foreigner = new Foreigner(kernel)) {
            long page = pageThatNeverComes(foreigner);
            assertTimeoutPreemptively(
                    LIMIT,
                    () -> {
                        try (Backend backend = open();
                                Handover place = backend.processes().handover(folder.resolve("s"));
                                SvaProcess bystander = backend.processes().spawn("bystander")) {
                            foreigner.handOver(place.address());
                            SvaProcess process = place.accept("withholding", LIMIT);
                            QueueHandle queue = started(backend, process);
                            QueueHandle other = started(backend, bystander);
                            long theirs = bystander.mmap(MapRequest.anonymous(2L * PAGE));
                            long ticket = queue.submit(Job.fill(page, 8, 1));
                            for (int i = 0; i < 20; i++) {
                                assertEquals(JobStatus.SUCCESS, fill(other, theirs, i));
                                bystander.munmap(theirs + PAGE, PAGE);
                                bystander.mmap(MapRequest.anonymous(PAGE).at(theirs + PAGE));
                            }
                            assertEquals(JobStatus.PAGE_FAULT, queue.await(ticket, LIMIT).status());
                            long page2 = foreigner.map(0, PAGE, 3);
                            assertEquals(JobStatus.SUCCESS, fill(queue, page2, 2));
                            // The backend closes with a job under way that wants the page.
                            queue.submit(Job.fill(page, 8, 1));
                        }
                    });
        }
    }

    /** A listener that is broken: what it is told, it does not survive. */
    private static final class Broken implements AddressSpaceListener {
        private final AtomicLong told = new AtomicLong();

        @Override
        public void invalidate(AddressRange range) {
            told.incrementAndGet();
            throw new AssertionError("a listener that is broken");
        }

        @Override
        public void release() {
            told.incrementAndGet();
        }
    }

    @Test
    void aListenerThatIsBrokenKeepsNoProcessWaitingAndNoOtherDeviceUninformed() {
        assertTimeoutPreemptively(
                LIMIT,
                () -> {
                    try (Backend backend = open();
                            SvaProcess process = backend.processes().spawn("listened to")) {
                        QueueHandle queue = started(backend, process);
                        Broken broken = new Broken();
                        process.addressSpace().subscribe(broken);
                        for (int i = 0; i < 4; i++) {
                            long page = process.mmap(MapRequest.anonymous(PAGE));
                            assertEquals(JobStatus.SUCCESS, fill(queue, page, i));
                            assertEquals(i, process.loadLong(page));
                            long before = broken.told.get();
                            try {
                                process.munmap(page, PAGE);
                            } catch (AssertionError told) {
                                assertEquals("a listener that is broken", told.getMessage());
                            }
                            assertTrue(broken.told.get() > before, "round " + i + " told nobody");
                            assertEquals(JobStatus.PAGE_FAULT, fill(queue, page, i), "round " + i);
                        }
                    }
                });
    }

    @Test
    void aProcessThatNeverStopsTalkingIsOverWhenItHangsUp() {
        assertTimeoutPreemptively(
                LIMIT,
                () -> {
                    try (Backend backend = open();
                            Handover place = backend.processes().handover(folder.resolve("s"));
                            Foreigner foreigner = new Foreigner(kernel)) {
                        foreigner.handOver(place.address());
                        SvaProcess process = place.accept("talking", LIMIT);
                        long page = foreigner.map(0, PAGE, 3);
                        QueueHandle queue = started(backend, process);
                        for (int i = 0; i < 200; i++) {
                            assertEquals(
                                    PAGE,
                                    foreigner
                                            .does()
                                            .call(
                                                    SystemCall.SENDTO,
                                                    foreigner.connection(),
                                                    page,
                                                    PAGE,
                                                    0,
                                                    0,
                                                    0));
                        }
                        assertEquals(JobStatus.SUCCESS, fill(queue, page, 1));
                        foreigner.hangUp();
                        assertTrue(process.awaitTermination(LIMIT));
                    }
                });
    }

    @Test
    void aProcessWithAPageAtZeroIsAsAliveAndAsDeadAsAnyOther() {
        assertTimeoutPreemptively(
                LIMIT,
                () -> {
                    try (Backend backend = open();
                            Handover place = backend.processes().handover(folder.resolve("s"));
                            Foreigner foreigner = new Foreigner(kernel)) {
                        int fixed = 0x32;
                        assumeTrue(
                                foreigner.does().call(SystemCall.MMAP, 0, PAGE, 3, fixed, -1, 0)
                                        == 0,
                                "nobody may map page zero here");
                        foreigner.handOver(place.address());
                        SvaProcess process = place.accept("at zero", LIMIT);
                        QueueHandle queue = started(backend, process);
                        assertEquals(JobStatus.SUCCESS, fill(queue, 8, 3));
                        assertEquals(3, foreigner.does().load(8));
                        assertEquals(0, foreigner.does().call(SystemCall.MUNMAP, 0, PAGE));
                        assertEquals(JobStatus.PAGE_FAULT, fill(queue, 8, 3));
                        foreigner.exec();
                        assertTrue(process.awaitTermination(LIMIT), "exec is not noticed");
                    }
                });
    }
}
