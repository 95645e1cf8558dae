package org.opensva.emulated.kernel.process;

import org.opensva.api.process.OpenFile;
import org.opensva.emulated.kernel.mm.MemoryObject;

/** A memory object as an open file ({@code memfd_create(2)}). */
final class MemoryObjectFile implements OpenFile {

    private final MemoryObject object;

    MemoryObjectFile(MemoryObject object) {
        this.object = object;
    }

    MemoryObject object() {
        return object;
    }

    @Override
    public String name() {
        return "memfd";
    }

    @Override
    public void release() {
        object.release();
    }
}
