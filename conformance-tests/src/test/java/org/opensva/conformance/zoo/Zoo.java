package org.opensva.conformance.zoo;

import java.util.List;
import java.util.stream.Stream;

/** All members. */
final class Zoo {

    private Zoo() {}

    static List<BrokenBackend> members() {
        return Stream.of(
                        NotificationFaults.members(),
                        HardwareFaults.members(),
                        BondFaults.members(),
                        FaultPathFaults.members(),
                        HandleFaults.members(),
                        EndpointFaults.members(),
                        LinkFaults.members(),
                        DriverFaults.members(),
                        VtdFaults.members(),
                        SecondIommuFaults.members(),
                        SharedQueueFaults.members(),
                        DeviceFaults.members(),
                        ProcessFaults.members(),
                        OpeningFaults.members(),
                        ClosingFaults.members())
                .flatMap(List::stream)
                .toList();
    }
}
