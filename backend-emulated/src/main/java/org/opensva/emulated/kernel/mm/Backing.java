package org.opensva.emulated.kernel.mm;

/** What stands behind a mapping, and where in it the mapping begins. */
sealed interface Backing {

    /** Private memory that begins as zeroes. */
    record Anonymous() implements Backing {
        static final Anonymous INSTANCE = new Anonymous();

        @Override
        public Backing advanced(long bytes) {
            return this;
        }

        @Override
        public boolean continues(Backing before, long bytes) {
            return before instanceof Anonymous;
        }
    }

    /** A memory object, from a byte offset on. */
    record OfObject(MemoryObject object, long offset) implements Backing {
        @Override
        public Backing advanced(long bytes) {
            return new OfObject(object, offset + bytes);
        }

        @Override
        public boolean continues(Backing before, long bytes) {
            return before instanceof OfObject o && o.object == object && o.offset + bytes == offset;
        }
    }

    /** Registers of a device, from a byte offset in the window on. */
    record OfDevice(DeviceArea area, long offset) implements Backing {
        @Override
        public Backing advanced(long bytes) {
            return new OfDevice(area, offset + bytes);
        }

        @Override
        public boolean continues(Backing before, long bytes) {
            return before instanceof OfDevice d && d.area == area && d.offset + bytes == offset;
        }
    }

    /** The same backing, some bytes further. */
    Backing advanced(long bytes);

    /** Does this begin where {@code before} ends after some bytes? */
    boolean continues(Backing before, long bytes);
}
