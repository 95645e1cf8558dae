package org.opensva.emulated.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.opensva.api.telemetry.HardwareEvent;

import java.util.List;

class EventLogTest {

    @Test
    void nothingIsRecordedUntilItIsTurnedOn() {
        EventLog log = new EventLog(1024);
        log.record(HardwareEvent.Kind.IOTLB_SYNC, -1, -1, 0, 0);
        assertEquals(List.of(), log.events());
    }

    @Test
    void theOldestEventsGiveWayAndNumbersShowTheGap() {
        EventLog log = new EventLog(2048);
        log.recordEvents(true);
        for (int i = 0; i < 5000; i++) {
            log.record(HardwareEvent.Kind.FRAME_FREED, -1, -1, i, 0);
        }
        List<HardwareEvent> events = log.events();
        assertEquals(2048, events.size());
        for (int i = 0; i < events.size(); i++) {
            assertEquals(5000 - 2048 + i, events.get(i).sequence());
            assertEquals(5000 - 2048 + i, events.get(i).address());
        }
        log.recordEvents(true);
        assertEquals(List.of(), log.events());
    }
}
