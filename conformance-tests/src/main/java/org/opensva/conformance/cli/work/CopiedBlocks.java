package org.opensva.conformance.cli.work;

import org.opensva.api.accelerator.Job;
import org.opensva.uacce.client.stream.BlockTransform;

/** Blocks that stay what they are. */
final class CopiedBlocks implements BlockTransform {

    @Override
    public long bound(int length) {
        return length;
    }

    @Override
    public Job job(long position, long source, int length, long destination, long capacity) {
        return Job.copy(source, destination, length);
    }
}
