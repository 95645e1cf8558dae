package org.opensva.uacce.engine;

import org.opensva.api.accelerator.JobExecution;
import org.opensva.api.accelerator.ScatterList;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.memory.Access;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The source or the destination of a job as one run of bytes, whether it lies in one piece or is a
 * scatter-gather list. A position is an offset in that run.
 *
 * <p>A list is read once, before the first byte of data: what the process makes of it afterwards
 * changes nothing.
 */
final class ByteRanges {

    private static final VarHandle LONGS =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private static final int INITIAL = 16;

    private long[] addresses = new long[INITIAL];

    /** The position behind each range. */
    private long[] ends = new long[INITIAL];

    private int count;

    /** The range of the last access: the next one is mostly there, too. */
    private int current;

    private long total;

    /** What an access moved; its fault, if it has one, is at {@link #faultAddress}. */
    private long faultAddress;

    private long lastResult;

    /** One piece. */
    void flat(long address, long length) {
        clear();
        add(address, length);
    }

    private void clear() {
        count = 0;
        current = 0;
        total = 0;
    }

    private void add(long address, long length) {
        if (length == 0) {
            return;
        }
        if (count == addresses.length) {
            addresses = Arrays.copyOf(addresses, 2 * count);
            ends = Arrays.copyOf(ends, 2 * count);
        }
        total += length;
        addresses[count] = address;
        ends[count] = total;
        count++;
    }

    /**
     * Reads a list.
     *
     * @param buffer for the bytes of a segment, {@link JobData#CHUNK} at least
     * @return false if there is a failure in the data
     */
    boolean list(JobExecution job, long address, long size, byte[] buffer, JobData data) {
        clear();
        long segment = address;
        long left = size;
        int entries = 0;
        while (true) {
            entries += (int) Math.min(left / ScatterList.ENTRY_SIZE, JobData.CHUNK);
            if (left % ScatterList.ENTRY_SIZE != 0 || entries > ScatterList.MAX_ENTRIES) {
                return data.badParameters();
            }
            int length = (int) left;
            if (!data.load(job, segment, buffer, length)) {
                return false;
            }
            left = 0;
            for (int at = 0; at < length; at += ScatterList.ENTRY_SIZE) {
                long where = (long) LONGS.get(buffer, at);
                long word = (long) LONGS.get(buffer, at + Long.BYTES);
                long bytes = word & ~ScatterList.NEXT_SEGMENT;
                boolean next = word != bytes;
                if (JobData.wraps(where, bytes)
                        || total + bytes < 0
                        || next && at + ScatterList.ENTRY_SIZE != length) {
                    return data.badParameters();
                }
                if (next) {
                    segment = where;
                    left = bytes;
                } else {
                    add(where, bytes);
                }
            }
            if (left == 0) {
                return true;
            }
        }
    }

    /** Bytes in all. */
    long total() {
        return total;
    }

    /** The address of the first byte, where that says where all of them are. */
    boolean isFlat() {
        return count <= 1;
    }

    long address(long position) {
        seek(position);
        return addressOf(current, position);
    }

    private long addressOf(int range, long position) {
        return addresses[range] + position - (range == 0 ? 0 : ends[range - 1]);
    }

    /** Finds the range of a position that is less than the total. */
    private void seek(long position) {
        if (position < ends[current] && (current == 0 || position >= ends[current - 1])) {
            return;
        }
        if (current + 1 < count && position >= ends[current] && position < ends[current + 1]) {
            current++;
            return;
        }
        int low = 0;
        int high = count - 1;
        while (low < high) {
            int middle = low + high >>> 1;
            if (position < ends[middle]) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        current = low;
    }

    /**
     * Reads or writes bytes.
     *
     * @return how many were moved; if fewer, {@link #lastResult} and {@link #faultAddress} say why
     */
    int transfer(
            JobExecution job, boolean write, long position, byte[] buffer, int offset, int length) {
        int done = 0;
        while (done < length) {
            seek(position + done);
            long address = addressOf(current, position + done);
            int piece = (int) Math.min(length - done, ends[current] - position - done);
            long result =
                    write
                            ? job.dma()
                                    .write(
                                            job.pasid(),
                                            Access.WRITE,
                                            address,
                                            buffer,
                                            offset + done,
                                            piece)
                            : job.dma()
                                    .read(
                                            job.pasid(),
                                            Access.READ,
                                            address,
                                            buffer,
                                            offset + done,
                                            piece);
            int moved = (int) DmaResult.bytes(result);
            done += moved;
            if (moved != piece) {
                lastResult = result;
                faultAddress = address + moved;
                return done;
            }
        }
        return done;
    }

    long lastResult() {
        return lastResult;
    }

    long faultAddress() {
        return faultAddress;
    }
}
