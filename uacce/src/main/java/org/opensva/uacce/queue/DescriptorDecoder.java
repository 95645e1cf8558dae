package org.opensva.uacce.queue;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.Engine;
import org.opensva.api.accelerator.JobFlags;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;

import java.util.EnumSet;
import java.util.Set;

/**
 * What the first word of a descriptor asks for, whether that makes sense, and whether an engine
 * offers it. The tables are made once: what an engine computes for each question is not to be paid
 * for each job.
 */
final class DescriptorDecoder {

    private static final int ALGORITHM_MASK = 0xffff;
    private static final int RESERVED_SHIFT = 32;

    private static final @Nullable Operation[] OPERATIONS = operations();
    private static final @Nullable Algorithm[] ALGORITHMS = algorithms();

    /** By ordinals: operation and algorithm go together, and the engine has both. */
    private final boolean[][] offered;

    private final int engineFlags;

    Operation operation = Operation.NOP;
    Algorithm algorithm = Algorithm.NONE;
    int flags;

    DescriptorDecoder(Engine engine) {
        Set<Operation> operations = withOwn(engine.operations());
        Set<Algorithm> algorithms = Set.copyOf(engine.algorithms());
        engineFlags = engine.flags();
        offered = new boolean[Operation.values().length][Algorithm.values().length];
        for (Algorithm candidate : Algorithm.values()) {
            if (candidate == Algorithm.NONE || algorithms.contains(candidate)) {
                for (Operation use : candidate.operations()) {
                    offered[use.ordinal()][candidate.ordinal()] = operations.contains(use);
                }
            }
        }
    }

    /**
     * What a device of this queue format can be asked for.
     *
     * @param ofEngine what its engines can do
     * @return that, and the batch, which is done by the queue itself
     */
    static Set<Operation> withOwn(Set<Operation> ofEngine) {
        EnumSet<Operation> all = EnumSet.of(Operation.BATCH);
        all.addAll(ofEngine);
        return all;
    }

    private static @Nullable Operation[] operations() {
        @Nullable Operation[] table = new @Nullable Operation[256];
        for (Operation operation : Operation.values()) {
            table[operation.code()] = operation;
        }
        return table;
    }

    private static @Nullable Algorithm[] algorithms() {
        int size = 0;
        for (Algorithm algorithm : Algorithm.values()) {
            size = Math.max(size, algorithm.code() + 1);
        }
        @Nullable Algorithm[] table = new @Nullable Algorithm[size];
        for (Algorithm algorithm : Algorithm.values()) {
            table[algorithm.code()] = algorithm;
        }
        return table;
    }

    /**
     * Decodes the first word. The fields are valid unless the answer is {@code BAD_DESCRIPTOR}.
     *
     * @param parameters the last word
     * @return null if the engine can be given the job
     */
    @Nullable JobStatus decode(long control, long parameters) {
        Operation wanted = OPERATIONS[(int) control & 0xff];
        int algorithmCode = (int) (control >>> QueueLayout.ALGORITHM_SHIFT) & ALGORITHM_MASK;
        Algorithm with = algorithmCode < ALGORITHMS.length ? ALGORITHMS[algorithmCode] : null;
        int bits = (int) (control >>> QueueLayout.FLAGS_SHIFT) & 0xff;
        if (control >>> RESERVED_SHIFT != 0
                || wanted == null
                || with == null
                || !with.operations().contains(wanted)
                || (bits & ~wanted.flags()) != 0
                || parameters != 0 && (bits & JobFlags.PARAMETERS) == 0) {
            return JobStatus.BAD_DESCRIPTOR;
        }
        operation = wanted;
        algorithm = with;
        flags = bits;
        boolean possible =
                offered[wanted.ordinal()][with.ordinal()]
                        && (bits & ~engineFlags & ~JobFlags.FENCE) == 0;
        return possible ? null : JobStatus.UNSUPPORTED;
    }
}
