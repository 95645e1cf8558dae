package org.opensva.conformance.cli.work;

import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.uacce.client.stream.BlockTransform;

import java.nio.ByteBuffer;

/** Blocks whose checksums, taken side by side, become that of the whole. */
final class ChecksumBlocks implements BlockTransform {

    private long value;

    @Override
    public long bound(int length) {
        return 0;
    }

    @Override
    public Job job(long position, long source, int length, long destination, long capacity) {
        return Job.crc32c(source, length);
    }

    @Override
    public void done(JobResult result, int length) {
        value = Crc32cCombination.combine(value, result.value(), length);
    }

    /** The checksum of the blocks so far, the highest byte first. */
    byte[] bytes() {
        return ByteBuffer.allocate(Integer.BYTES).putInt((int) value).array();
    }
}
