package org.opensva.emulated;

import org.opensva.api.iommu.FaultRecord;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** Keeps the latest fault records of the IOMMU. */
final class FaultLog {

    private static final int CAPACITY = 4096;

    private final Deque<FaultRecord> records = new ArrayDeque<>();

    synchronized void add(FaultRecord fault) {
        if (records.size() == CAPACITY) {
            records.removeFirst();
        }
        records.addLast(fault);
    }

    synchronized List<FaultRecord> records() {
        return List.copyOf(records);
    }
}
