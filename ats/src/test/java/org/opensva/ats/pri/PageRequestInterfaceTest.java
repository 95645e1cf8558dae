package org.opensva.ats.pri;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.opensva.api.ats.PageGroupResponse;
import org.opensva.api.ats.PageRequest;
import org.opensva.api.iommu.PageResponse;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

@Timeout(60)
class PageRequestInterfaceTest {

    private final List<PageRequest> sent = new ArrayList<>();
    private Consumer<PageRequest> host = request -> {};
    private PageRequestInterface pri = interfaceWith(TimeUnit.SECONDS.toNanos(30));

    private PageRequestInterface interfaceWith(long timeoutNanos) {
        return new PageRequestInterface(
                8,
                timeoutNanos,
                request -> {
                    sent.add(request);
                    host.accept(request);
                });
    }

    private void answer(PageRequest request, PageResponse response) {
        pri.respond(new PageGroupResponse(request.pasid(), request.groupIndex(), response));
    }

    @Test
    void nothingIsSentWhileItIsDisabled() {
        assertEquals(PageOutcome.FAILED, pri.request(1, 1, 0x1000, 1));
        assertEquals(List.of(), sent);
        assertEquals(PageRequestInterface.STOPPED, pri.status());
    }

    @Test
    void anIndexIsReusedAsLateAsPossible() {
        pri.enable(8);
        host = request -> answer(request, PageResponse.SUCCESS);
        Set<Integer> indexes = new HashSet<>();
        for (int i = 0; i < PageRequestInterface.MAX_GROUPS; i++) {
            assertEquals(PageOutcome.SUCCESS, pri.request(1, 1, 0x1000, 1));
            indexes.add(sent.get(i).groupIndex());
        }
        assertEquals(PageRequestInterface.MAX_GROUPS, indexes.size());
        assertEquals(0, pri.outstanding());
    }

    @Test
    void aGroupIsNoLargerThanTheAllocation() {
        pri.enable(3);
        host =
                request -> {
                    if (request.last()) {
                        answer(request, PageResponse.SUCCESS);
                    }
                };
        assertEquals(PageOutcome.SUCCESS, pri.request(1, 1, 0x1abc, 8));
        assertEquals(3, sent.size());
        assertEquals(0x3000, sent.get(2).address());
        assertTrue(sent.get(2).last());
    }

    @Test
    void anAnswerBeforeTheLastMessageIsUnexpected() {
        pri.enable(8);
        host =
                request -> {
                    PageResponse early = PageResponse.INVALID_REQUEST;
                    answer(request, request.last() ? PageResponse.SUCCESS : early);
                };
        assertEquals(PageOutcome.SUCCESS, pri.request(1, 1, 0x1000, 2));
        assertEquals(1, pri.unexpected());
        assertEquals(PageRequestInterface.UNEXPECTED_INDEX, pri.status());
        pri.clearStatus(PageRequestInterface.UNEXPECTED_INDEX);
        assertEquals(0, pri.status());
    }

    @Test
    void hostileResponsesAreCountedAndIgnored() {
        pri.enable(8);
        pri.respond(new PageGroupResponse(1, -1, PageResponse.SUCCESS));
        pri.respond(new PageGroupResponse(1, 512, PageResponse.SUCCESS));
        pri.respond(new PageGroupResponse(1, 7, PageResponse.RESPONSE_FAILURE));
        assertEquals(3, pri.unexpected());
        assertTrue(pri.isActive());
    }

    @Test
    void responseFailureShowsInTheStatus() {
        pri.enable(8);
        host = request -> answer(request, PageResponse.RESPONSE_FAILURE);
        assertEquals(PageOutcome.FAILED, pri.request(1, 1, 0x1000, 1));
        assertFalse(pri.isActive());
        assertEquals(
                PageRequestInterface.RESPONSE_FAILURE | PageRequestInterface.STOPPED, pri.status());
    }

    @Test
    void lostGroupsKeepTheirCreditsUntilReset() {
        pri = interfaceWith(TimeUnit.MILLISECONDS.toNanos(5));
        pri.enable(2);
        assertEquals(PageOutcome.FAILED, pri.request(1, 1, 0x1000, 1));
        assertEquals(PageOutcome.FAILED, pri.request(1, 1, 0x1000, 1));
        assertEquals(PageOutcome.FAILED, pri.request(1, 1, 0x1000, 1), "no credit is left");
        assertEquals(2, sent.size());
        assertEquals(2, pri.outstanding());
        assertFalse(pri.drain(1, 0));
        assertTrue(pri.drain(2, 0));
        pri.disable();
        pri.enable(2);
        host = request -> answer(request, PageResponse.SUCCESS);
        assertEquals(PageOutcome.SUCCESS, pri.request(1, 1, 0x1000, 1));
    }

    @Test
    void whatCouldNotBeSentIsNotOutstanding() {
        pri.enable(2);
        host =
                request -> {
                    throw new IllegalStateException("no link");
                };
        assertThrows(IllegalStateException.class, () -> pri.request(1, 1, 0x1000, 1));
        assertEquals(0, pri.outstanding());
        assertTrue(pri.drain(1, 0));
    }

    @Test
    void anInterruptDoesNotLoseTheAnswer() {
        pri.enable(2);
        host =
                request -> {
                    Thread waiter = Thread.currentThread();
                    Thread.ofVirtual()
                            .start(() -> {
                                waiter.interrupt();
                                answer(request, PageResponse.SUCCESS);
                            });
                };
        assertEquals(PageOutcome.SUCCESS, pri.request(1, 1, 0x1000, 1));
        assertTrue(Thread.interrupted());
    }
}
