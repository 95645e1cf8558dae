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
<<<<<<< HEAD
                        SharedQueueFaults.members(),
                        DeviceFaults.members())
=======
                        DeviceFaults.members(),
                        ProcessFaults.members(),
                        OpeningFaults.members())
>>>>>>> aa176fe (Twenty more broken machines, a reviewed reason for each rule without one, races by budget, and the suite under watch)
                .flatMap(List::stream)
                .toList();
    }
}
