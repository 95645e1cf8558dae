package org.opensva.linux.process;

import org.jspecify.annotations.Nullable;
import org.opensva.api.memory.Access;
import org.opensva.api.memory.MmioRegion;
import org.opensva.api.memory.Protection;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.DeviceMapping;
import org.opensva.api.process.Signal;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The register windows that a process has mapped. The kernel knows them as memory without any
 * permission, so that every load and store traps; what traps here is carried out on the registers,
 * as a virtual machine monitor does it.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
final class DeviceMappings {

    /** A window: it ends when none of its pages is left. */
    private static final class Window {
        private final DeviceMapping mapping;
        private final FileToken file;
        private long bytes;

        /** Guarded by the window: registers are not touched once the driver has been told. */
        private boolean ended;

        Window(DeviceMapping mapping, FileToken file, long bytes) {
            this.mapping = mapping;
            this.file = file;
            this.bytes = bytes;
        }
    }

    /** Pages of a window that are next to each other. */
    private record Piece(long end, Window window, long offset, Protection protection) {}

    /** Guarded by this. */
    private final TreeMap<Long, Piece> pieces = new TreeMap<>();

    synchronized void add(
            long start, long length, DeviceMapping mapping, FileToken file, Protection protection) {
        file.mapped();
        pieces.put(
                start, new Piece(start + length, new Window(mapping, file, length), 0, protection));
    }

    synchronized boolean overlaps(long start, long length) {
        Map.Entry<Long, Piece> last = pieces.lowerEntry(start + length);
        return last != null && last.getValue().end() > start;
    }

    /** The range is not mapped any more. Drivers are told with no lock held. */
    void remove(long start, long length) {
        List<Window> over = new ArrayList<>();
        synchronized (this) {
            split(start);
            split(start + length);
            Map<Long, Piece> gone = pieces.subMap(start, start + length);
            gone.forEach((from, piece) -> {
                piece.window().bytes -= piece.end() - from;
                if (piece.window().bytes == 0) {
                    over.add(piece.window());
                }
            });
            gone.clear();
        }
        over.forEach(window -> {
            synchronized (window) {
                window.ended = true;
            }
            window.mapping.unmapped();
            window.file.unmapped();
        });
    }

    synchronized void protect(long start, long length, Protection protection) {
        split(start);
        split(start + length);
        pieces.subMap(start, start + length)
                .replaceAll((from, piece) ->
                        new Piece(piece.end(), piece.window(), piece.offset(), protection));
    }

    private void split(long at) {
        Map.Entry<Long, Piece> before = pieces.lowerEntry(at);
        if (before != null && before.getValue().end() > at) {
            long start = before.getKey();
            Piece piece = before.getValue();
            pieces.put(start, new Piece(at, piece.window(), piece.offset(), piece.protection()));
            pieces.put(
                    at,
                    new Piece(
                            piece.end(),
                            piece.window(),
                            piece.offset() + (at - start),
                            piece.protection()));
        }
    }

    /** Everything ends with the address space. */
    void clear() {
        remove(0, Long.MAX_VALUE);
    }

    private synchronized Map.@Nullable Entry<Long, Piece> at(long address) {
        Map.Entry<Long, Piece> piece = pieces.floorEntry(address);
        return piece != null && address < piece.getValue().end() ? piece : null;
    }

    /**
     * Carries out a load or store that has trapped.
     *
     * @return how many bytes it was, 0 if the address is not one of a window
     * @throws CpuFaultException if the window does not allow it, or the device is gone
     */
    int serve(long address, byte[] bytes, int offset, int length, boolean store) {
        Map.Entry<Long, Piece> found = at(address);
        if (found == null) {
            return 0;
        }
        Piece piece = found.getValue();
        if (!piece.protection().allows(store ? Access.WRITE : Access.READ)) {
            throw new CpuFaultException(Signal.SIGSEGV, address);
        }
        int count = (int) Math.min(length, piece.end() - address);
        long register = piece.offset() + (address - found.getKey());
        synchronized (piece.window()) {
            return piece.window().ended
                    ? 0
                    : touch(piece, address, register, bytes, offset, count, store);
        }
    }

    private static int touch(
            Piece piece,
            long address,
            long register,
            byte[] bytes,
            int offset,
            int count,
            boolean store) {
        int done = 0;
        while (done < count) {
            if (!piece.window().mapping.present()) {
                throw new CpuFaultException(Signal.SIGBUS, address + done);
            }
            int width = width(register + done, count - done);
            MmioRegion region = piece.window().mapping.region();
            if (store) {
                region.write(register + done, width, get(bytes, offset + done, width));
            } else {
                put(bytes, offset + done, width, region.read(register + done, width));
            }
            done += width;
        }
        return count;
    }

    /** The widest access that is aligned; registers are read in one piece. */
    private static int width(long register, int left) {
        int width = 8;
        while (width > left || (register & (width - 1)) != 0) {
            width >>= 1;
        }
        return width;
    }

    private static long get(byte[] bytes, int offset, int width) {
        long value = 0;
        for (int i = width - 1; i >= 0; i--) {
            value = value << 8 | bytes[offset + i] & 0xff;
        }
        return value;
    }

    private static void put(byte[] bytes, int offset, int width, long value) {
        for (int i = 0; i < width; i++) {
            bytes[offset + i] = (byte) (value >>> 8 * i);
        }
    }
}
