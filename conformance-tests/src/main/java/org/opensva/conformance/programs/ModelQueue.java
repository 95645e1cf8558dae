package org.opensva.conformance.programs;

/** A queue, as the contract sees it. */
final class ModelQueue {

    final ModelSpace space;
    boolean started = true;
    int holders = 1;

    ModelQueue(ModelSpace space) {
        this.space = space;
        space.queues++;
    }

    void letGo() {
        holders--;
        if (holders == 0) {
            space.queues--;
        }
    }
}
