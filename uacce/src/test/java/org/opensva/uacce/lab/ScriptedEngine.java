package org.opensva.uacce.lab;

import org.opensva.api.accelerator.Engine;
import org.opensva.api.accelerator.JobExecution;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;

import java.util.Set;

/** A vendor's engine that does what the argument of a FILL says, good and bad. */
public final class ScriptedEngine implements Engine {

    public static final long UNTIL_CANCELLED = 1;
    public static final long THROW = 2;
    public static final long THROW_ERROR = 3;
    public static final long FORGET = 4;
    public static final long TWICE = 5;
    public static final long FAULT_ONCE_CANCELLED = 6;

    @Override
    public Set<Operation> operations() {
        return Set.of(Operation.NOP, Operation.FILL);
    }

    @Override
    public void execute(JobExecution job) {
        switch ((int) job.argument()) {
            case (int) UNTIL_CANCELLED -> {
                while (!job.cancelled()) {
                    Thread.onSpinWait();
                }
                job.complete(JobStatus.ABORTED, 0, 0, 0, 0);
            }
            case (int) FAULT_ONCE_CANCELLED -> {
                while (!job.cancelled()) {
                    Thread.onSpinWait();
                }
                job.complete(JobStatus.PAGE_FAULT, 0, 0, 0, 0x1000);
            }
            case (int) THROW -> throw new IllegalStateException("a bug in an engine");
            case (int) THROW_ERROR -> throw new StackOverflowError("a bug in an engine");
            case (int) FORGET -> {}
            case (int) TWICE -> {
                job.complete(JobStatus.SUCCESS, 1, 2, 3, 4);
                job.complete(JobStatus.BAD_DATA, 5, 6, 7, 8);
            }
            default -> job.complete(JobStatus.SUCCESS, 0, 0, 0, 0);
        }
    }
}
