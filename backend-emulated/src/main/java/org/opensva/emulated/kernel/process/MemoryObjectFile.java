package org.opensva.emulated.kernel.process;

import org.opensva.api.process.OpenFile;
import org.opensva.emulated.kernel.mm.MemoryObject;

/** A memory object as an open file ({@code memfd_create(2)}, or a file without a name). */
final class MemoryObjectFile implements OpenFile {

    private final String name;
    private final MemoryObject object;

    MemoryObjectFile(String name, MemoryObject object) {
        this.name = name;
        this.object = object;
    }

    MemoryObject object() {
        return object;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public void release() {
        object.release();
    }
}
