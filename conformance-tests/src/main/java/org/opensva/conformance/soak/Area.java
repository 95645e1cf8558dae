package org.opensva.conformance.soak;

import java.util.Arrays;

/** A mapping of an actor with what each of its pages must hold in its first eight bytes. */
final class Area {

    /** What a page holds that something unknown was done to. */
    static final long UNKNOWN = Long.MIN_VALUE;

    private final long address;
    private final int pageBytes;
    private final long[] values;

    /** The memory object behind it, -1 for anonymous memory. */
    private final int fd;

    Area(long address, int pageBytes, int pages, int fd) {
        this(address, pageBytes, new long[pages], fd);
    }

    private Area(long address, int pageBytes, long[] values, int fd) {
        this.address = address;
        this.pageBytes = pageBytes;
        this.values = values;
        this.fd = fd;
    }

    /** The same in a child that was forked. */
    Area forked() {
        return new Area(address, pageBytes, values.clone(), fd);
    }

    /** The same somewhere else. */
    Area movedTo(long other) {
        return new Area(other, pageBytes, values, fd);
    }

    /** A shorter one. */
    Area shortened(int pages) {
        return new Area(address, pageBytes, Arrays.copyOf(values, pages), fd);
    }

    boolean isShared() {
        return fd >= 0;
    }

    int fd() {
        return fd;
    }

    long address() {
        return address;
    }

    int pages() {
        return values.length;
    }

    long length() {
        return (long) values.length * pageBytes;
    }

    long page(int index) {
        return address + (long) index * pageBytes;
    }

    long value(int index) {
        return values[index];
    }

    void set(int index, long value) {
        values[index] = value;
    }

    void setAll(long value) {
        Arrays.fill(values, value);
    }
}
