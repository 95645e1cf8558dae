package org.opensva.ats;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.opensva.api.ats.EndpointConfig;
import org.opensva.api.ats.PageGroupResponse;
import org.opensva.api.ats.TranslationEntry;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.DmaStatus;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.memory.Access;
import org.opensva.ats.config.Capabilities;
import org.opensva.ats.config.ConfigurationSpace;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** What software sees of an endpoint, and does to it, in configuration space. */
@Timeout(60)
class RegistersTest {

    private static final long RW = TranslationEntry.R | TranslationEntry.W;

    private final FakeAgent agent = new FakeAgent();

    @AutoClose("shutdownNow")
    private final ExecutorService threads = Executors.newCachedThreadPool();

    private final AtsEndpoint endpoint =
            (AtsEndpoint)
                    new AtsEndpointFactory()
                            .create(
                                    new EndpointConfig(
                                            "zip-0",
                                            RequesterId.of(1, 0, 0),
                                            20,
                                            true,
                                            true,
                                            false,
                                            64,
                                            32,
                                            16),
                                    agent);
    private final ConfigurationSpace space = endpoint.configurationSpace();
    private final int ats = space.find(Capabilities.ATS_ID);
    private final int pri = space.find(Capabilities.PRI_ID);
    private final int pasid = space.find(Capabilities.PASID_ID);

    private void enable(int pasidControl) {
        space.write16(pasid + Capabilities.PASID_CTRL, pasidControl);
        space.write16(ats + Capabilities.ATS_CTRL, Capabilities.ATS_CTRL_ENABLE);
        space.write32(pri + Capabilities.PRI_ALLOC_REQ, 8);
    }

    private void setPri(int control) {
        space.write16(pri + Capabilities.PRI_CTRL, control);
    }

    private int priStatus() {
        return space.read16(pri + Capabilities.PRI_STATUS) & ~Capabilities.PRI_STATUS_PASID;
    }

    private DmaStatus read(int number, int access) {
        return DmaResult.status(endpoint.read(number, access, 0x7000, new byte[1], 0, 1));
    }

    /** Starts an access that waits for its page, and returns when it has asked. */
    private Future<DmaStatus> waiting() throws InterruptedException {
        CountDownLatch asked = new CountDownLatch(1);
        agent.host = (to, request) -> asked.countDown();
        Future<DmaStatus> access = threads.submit(() -> read(3, Access.READ));
        asked.await();
        return access;
    }

    @Test
    void disablingPageRequestsLetsWhatWasAskedForBeAnswered() throws Exception {
        enable(1);
        assertEquals(Capabilities.PRI_STATUS_STOPPED, priStatus());
        setPri(1);
        assertEquals(0, priStatus());
        Future<DmaStatus> access = waiting();
        setPri(0);
        assertEquals(0, priStatus(), "an answer is owed");
        agent.map(3, 0x7000, 0x2000, RW);
        agent.answer(agent.pageRequests.get(0), PageResponse.SUCCESS);
        assertEquals(DmaStatus.COMPLETE, access.get());
        assertEquals(Capabilities.PRI_STATUS_STOPPED, priStatus());
    }

    @Test
    void resettingGivesUpWhatWasAskedFor() throws Exception {
        enable(1);
        setPri(1);
        Future<DmaStatus> access = waiting();
        setPri(Capabilities.PRI_CTRL_ENABLE | Capabilities.PRI_CTRL_RESET);
        agent.invalidate(0, 3, 0x7000, 12);
        assertEquals(0, priStatus(), "reset means nothing while it is enabled");
        setPri(0);
        setPri(Capabilities.PRI_CTRL_RESET);
        assertEquals(DmaStatus.PAGE_REQUEST_FAILED, access.get());
        assertEquals(Capabilities.PRI_STATUS_STOPPED, priStatus());
        setPri(1);
        agent.answer(agent.pageRequests.get(0), PageResponse.RESPONSE_FAILURE);
        assertEquals(Capabilities.PRI_STATUS_UPRGI, priStatus(), "the old answer is nobody's");
        space.write16(pri + Capabilities.PRI_STATUS, Capabilities.PRI_STATUS_UPRGI);
        assertEquals(0, priStatus());
    }

    @Test
    void responseFailureIsSeenAndClearedInTheStatusRegister() {
        enable(1);
        setPri(1);
        agent.host = (to, request) -> to.answer(request, PageResponse.RESPONSE_FAILURE);
        assertEquals(DmaStatus.PAGE_REQUEST_FAILED, read(3, Access.READ));
        int failed = Capabilities.PRI_STATUS_RF | Capabilities.PRI_STATUS_STOPPED;
        assertEquals(failed, priStatus());
        agent.device().respond(new PageGroupResponse(3, 100, PageResponse.SUCCESS));
        assertEquals(failed, priStatus(), "ignored until it is enabled again");
        space.write16(pri + Capabilities.PRI_STATUS, Capabilities.PRI_STATUS_RF);
        assertEquals(Capabilities.PRI_STATUS_STOPPED, priStatus());
        setPri(0);
        setPri(1);
        agent.host =
                (to, request) -> {
                    to.map(3, 0x7000, 0x2000, RW);
                    to.answer(request, PageResponse.SUCCESS);
                };
        assertEquals(DmaStatus.COMPLETE, read(3, Access.READ));
    }

    @Test
    void theAllocationIsHowManyRequestsAreOutstandingAtMost() {
        space.write16(pasid + Capabilities.PASID_CTRL, 1);
        space.write16(ats + Capabilities.ATS_CTRL, Capabilities.ATS_CTRL_ENABLE);
        space.write32(pri + Capabilities.PRI_ALLOC_REQ, 2);
        setPri(1);
        agent.host =
                (to, request) -> {
                    to.map(request.pasid(), request.address(), 0x2000, RW);
                    if (request.last()) {
                        to.answer(request, PageResponse.SUCCESS);
                    }
                };
        long result = endpoint.read(3, Access.READ, 0x7000, new byte[5 * 4096], 0, 5 * 4096);
        assertEquals(DmaStatus.COMPLETE, DmaResult.status(result));
        assertEquals(
                List.of(false, true, false, true, true),
                agent.pageRequests.stream().map(r -> r.last()).toList());
    }

    @Test
    void executionAndPrivilegeNeedTheirSwitchesAndNoRequestLeavesWithoutThem() {
        agent.map(3, 0x7000, 0x2000, RW | TranslationEntry.EXE);
        agent.map(Pasid.NONE, 0x7000, 0x2000, RW | TranslationEntry.EXE);
        int privileged = Access.READ | Access.PRIVILEGED;
        enable(Capabilities.PASID_CTRL_ENABLE);
        assertEquals(DmaStatus.NOT_PERMITTED, read(3, Access.EXECUTE));
        assertEquals(DmaStatus.NOT_PERMITTED, read(3, privileged));
        assertEquals(List.of(), agent.asked);
        assertEquals(DmaStatus.COMPLETE, read(3, Access.READ));
        assertEquals(DmaStatus.NOT_PERMITTED, read(3, Access.EXECUTE), "although it is cached");
        assertEquals(DmaStatus.COMPLETE, read(Pasid.NONE, Access.EXECUTE), "no prefix, no switch");

        space.write16(ats + Capabilities.ATS_CTRL, 0);
        int untranslated = agent.untranslated.size();
        assertEquals(DmaStatus.NOT_PERMITTED, read(3, privileged));
        assertEquals(untranslated, agent.untranslated.size());
        enable(Capabilities.PASID_CTRL_ENABLE | Capabilities.PASID_CTRL_EXEC);
        assertEquals(DmaStatus.COMPLETE, read(3, Access.EXECUTE));
        assertEquals(DmaStatus.NOT_PERMITTED, read(3, privileged));
    }
}
