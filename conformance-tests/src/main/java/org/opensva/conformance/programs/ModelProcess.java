package org.opensva.conformance.programs;

import java.util.TreeSet;

/** A process, as the contract sees it. */
final class ModelProcess {

    ModelSpace space = new ModelSpace();
    final ModelObject object;

    /** The queues of which it holds a copy of the handle. */
    final TreeSet<Integer> handles = new TreeSet<>();

    ModelProcess(ModelObject object) {
        this.object = object;
    }
}
