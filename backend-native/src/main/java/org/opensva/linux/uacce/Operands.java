package org.opensva.linux.uacce;

import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobFlags;
import org.opensva.api.accelerator.JobParameters;
import org.opensva.api.accelerator.Operand;
import org.opensva.api.process.SvaProcess;
import org.opensva.linux.abi.BitField;

import java.util.Optional;

/**
 * The operands in the parameter block of a job ({@link JobParameters}) that hardware knows.
 *
 * @param value number of bytes of a data unit of XTS
 * @param key the key
 * @param iv the initialisation vector
 */
record Operands(long value, Operand key, Operand iv) {

    private static final BitField CONTROL = BitField.quad(JobParameters.CONTROL);

    /** What a job without a block has. */
    private static final Operands NONE = new Operands(0, Operand.NONE, Operand.NONE);

    /**
     * Reads the block, as the process whose job it is.
     *
     * @return the operands; empty if there are options, which no hardware here has
     * @throws org.opensva.api.process.CpuFaultException if it cannot be read
     */
    static Optional<Operands> read(SvaProcess process, Job job) {
        if ((job.flags() & JobFlags.PARAMETERS) == 0) {
            return Optional.of(NONE);
        }
        byte[] block = process.load(job.parameters(), JobParameters.SIZE);
        if (CONTROL.get(block) != 0) {
            return Optional.empty();
        }
        return Optional.of(
                new Operands(
                        BitField.quad(JobParameters.VALUE).get(block),
                        operand(block, JobParameters.KEY),
                        operand(block, JobParameters.IV)));
    }

    private static Operand operand(byte[] block, int offset) {
        return new Operand(
                BitField.quad(offset).get(block), BitField.quad(offset + Long.BYTES).get(block));
    }
}
