package org.opensva.smmuv3.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.opentelemetry.api.OpenTelemetry;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.opensva.api.iommu.AttachedDevice;
import org.opensva.api.iommu.PageFault;
import org.opensva.api.iommu.PageFaultGroup;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.Access;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.smmuv3.layout.Command;
import org.opensva.smmuv3.layout.Opcode;
import org.opensva.smmuv3.layout.PageRequestEntry;
import org.opensva.smmuv3.layout.Register;

import java.util.ArrayList;
import java.util.List;

/** What page requests become a group, also of devices that follow no allocation (chapter 8). */
@Timeout(60)
class PageRequestGroupsTest {

    private static final int STREAM = 0x100;
    private static final int STRANGER = 0x777;
    private static final int PASID = 5;

    private final FlatMemory memory = new FlatMemory();
    private final RecordingSmmu smmu = new RecordingSmmu(memory, true);
    private final SmmuV3Driver driver =
            new SmmuV3Driver(smmu, memory, memory, HardwareEventSink.NONE, OpenTelemetry.noop());
    private final List<PageFaultGroup> groups = new ArrayList<>();
    private AttachedDevice device = attach();

    private AttachedDevice attach() {
        return driver.attach(
                new FakeDevice("zip-0", STREAM, true), (from, group) -> groups.add(group));
    }

    private void request(int stream, int pasid, int index, long address, int access, boolean last) {
        smmu.enqueue(
                Register.PRIQ_BASE,
                Register.PRIQ_PROD,
                PageRequestEntry.word0(
                        stream,
                        pasid != Pasid.NONE,
                        pasid,
                        (access & Access.READ) != 0,
                        (access & Access.WRITE) != 0,
                        (access & Access.EXECUTE) != 0,
                        (access & Access.PRIVILEGED) != 0,
                        last),
                PageRequestEntry.word1(address, index));
        driver.onPriInterrupt();
    }

    private List<Integer> answered() {
        return smmu.seen.stream()
                .filter(command -> command.opcode() == Opcode.PRI_RESP)
                .map(command -> (int) Command.PRGINDEX.get(command.w1()))
                .toList();
    }

    @Test
    void aRequestIsForAPageAndForWhatItsFlagsSay() {
        for (int access = 1; access < Access.PRIVILEGED; access++) {
            if ((access & (Access.READ | Access.WRITE)) == 0) {
                continue;
            }
            request(STREAM, PASID, 0x1ff, 0x7f00_1234_5678L, access, true);
            PageFaultGroup group = groups.getLast();
            assertEquals(0x1ff, group.tag());
            assertEquals(PASID, group.pasid());
            assertEquals(STREAM, group.requester().value());
            assertEquals(false, group.stalled());
            assertEquals(List.of(new PageFault(0x7f00_1234_5000L, access)), group.faults());
        }
        assertEquals(6, groups.size());
        assertEquals(List.of(), answered());
    }

    @Test
    void aGroupIsRefusedForOnePrivilegedRequestAmongOthers() {
        request(STREAM, PASID, 1, 0x5000, Access.READ | Access.PRIVILEGED, false);
        request(STREAM, PASID, 1, 0x6000, Access.READ, true);
        request(STREAM, PASID, 2, 0x7000, Access.READ, true);
        assertEquals(List.of(1), answered());
        assertEquals(List.of(2), groups.stream().map(PageFaultGroup::tag).toList());
    }

    @Test
    void aGroupHasNoMorePagesThanTheQueueHoldsAndIsAnsweredAllTheSame() {
        for (int page = 0; page < 600; page++) {
            request(STREAM, PASID, 1, 0x1000L * page, Access.READ, page == 599);
        }
        assertEquals(1, groups.size());
        assertEquals(512, groups.getFirst().faults().size());
        assertEquals(0x1000L * 511, groups.getFirst().faults().getLast().address());
    }

    @Test
    void ofGroupsThatAreNeverCompletedOnlyAsManyAreKeptAsMayBeOutstanding() {
        int kept = SmmuV3Driver.OUTSTANDING_PAGE_REQUESTS;
        for (int index = 0; index < kept + 10; index++) {
            request(STREAM, PASID, index, 0x5000, Access.READ, false);
        }
        for (int index = 0; index < kept + 10; index++) {
            request(STREAM, PASID, index, 0x6000, Access.READ, true);
            assertEquals(index < 10 ? 1 : 2, groups.getLast().faults().size());
        }
    }

    @Test
    void whatADeviceNeverCompletedIsVoidWhenItIsClosed() {
        request(STREAM, PASID, 1, 0x5000, Access.READ, false);
        device.close();
        device = attach();
        request(STREAM, PASID, 1, 0x6000, Access.READ, true);
        assertEquals(1, groups.getLast().faults().size());
    }

    @Test
    void whoIsNotAttachedIsRefusedOnceForEachGroupAndOwedNothingForAStopMarker() {
        request(STRANGER, PASID, 1, 0x5000, Access.READ, false);
        request(STRANGER, PASID, 1, 0x6000, Access.READ, true);
        request(STRANGER, PASID, 2, 0x6000, Access.READ, true);
        request(STRANGER, PASID, 3, 0, 0, true);
        assertEquals(List.of(1, 2), answered());
        assertEquals(List.of(), groups);
    }

    @Test
    void aStopMarkerVoidsWhatIsOfItsPasidOfItsDevice() {
        driver.attach(new FakeDevice("zip-1", 0x208, true), (from, group) -> groups.add(group));
        request(STREAM, PASID, 1, 0x5000, Access.READ, false);
        request(0x208, PASID, 1, 0x5000, Access.READ, false);
        request(STREAM, 6, 1, 0x5000, Access.READ, false);
        request(STREAM, PASID, 0, 0, 0, true);
        request(STREAM, PASID, 1, 0x6000, Access.READ, true);
        request(0x208, PASID, 1, 0x6000, Access.READ, true);
        request(STREAM, 6, 1, 0x6000, Access.READ, true);
        assertEquals(List.of(1, 2, 2), groups.stream().map(g -> g.faults().size()).toList());
    }
}
