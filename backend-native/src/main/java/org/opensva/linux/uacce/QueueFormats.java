package org.opensva.linux.uacce;

import org.opensva.api.accelerator.Operation;
import org.opensva.api.process.SvaProcess;
import org.opensva.linux.uacce.spec.HpreDescriptor;
import org.opensva.linux.uacce.spec.LoopDescriptor;
import org.opensva.linux.uacce.spec.SecDescriptor2;
import org.opensva.linux.uacce.spec.ZipDescriptor;

import java.util.EnumSet;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** Which devices can be driven: by their driver and the version of their queue manager. */
enum QueueFormats {
    /** The module of this project, behind the kernel's uacce core. */
    LOOP(LoopDescriptor.SIZE) {
        @Override
        SortedMap<Integer, Set<Operation>> operations(UacceNode node) {
            return new LoopFormat(node.algorithms()).operations();
        }

        @Override
        QueueFormat create(UacceNode node, SvaProcess process) {
            return new LoopFormat(node.algorithms());
        }
    },
    /** Compression. */
    ZIP(ZipDescriptor.SIZE) {
        @Override
        SortedMap<Integer, Set<Operation>> operations(UacceNode node) {
            return ZipFormat.operations(node.version().orElse(0));
        }

        @Override
        QueueFormat create(UacceNode node, SvaProcess process) {
            return new ZipFormat(node.version().orElse(0), process);
        }
    },
    /** Ciphers and digests. */
    SEC(SecDescriptor2.SIZE) {
        @Override
        SortedMap<Integer, Set<Operation>> operations(UacceNode node) {
            return SecFormat.operationsOfAll();
        }

        @Override
        QueueFormat create(UacceNode node, SvaProcess process) {
            return new SecFormat(node.version().orElse(0), process);
        }
    },
    /** Public-key cryptography. */
    HPRE(HpreDescriptor.SIZE) {
        @Override
        SortedMap<Integer, Set<Operation>> operations(UacceNode node) {
            return HpreFormat.operationsOfAll();
        }

        @Override
        QueueFormat create(UacceNode node, SvaProcess process) {
            return new HpreFormat(process, 1 << 16);
        }
    },
    /** None that is known here. */
    UNKNOWN(0) {
        @Override
        SortedMap<Integer, Set<Operation>> operations(UacceNode node) {
            return new TreeMap<>();
        }

        @Override
        QueueFormat create(UacceNode node, SvaProcess process) {
            throw new IllegalStateException(node.name() + " is not driven");
        }
    };

    private static final int CURVES_SINCE = 3;

    private final int descriptorSize;

    QueueFormats(int descriptorSize) {
        this.descriptorSize = descriptorSize;
    }

    /** Size of a descriptor in bytes. */
    int descriptorSize() {
        return descriptorSize;
    }

    static QueueFormats of(UacceNode node) {
        if (node.api().equals(LoopDescriptor.API)) {
            return LOOP;
        }
        int version = node.version().orElse(0);
        if (version == 0) {
            return UNKNOWN;
        }
        return switch (node.driver()) {
            case "hisi_zip" -> ZIP;
            case "hisi_sec2" -> version >= 2 ? SEC : UNKNOWN;
            case "hisi_hpre" -> version >= CURVES_SINCE ? HPRE : UNKNOWN;
            default -> UNKNOWN;
        };
    }

    /** What the device can be asked for, by the type of the queue that it takes. */
    abstract SortedMap<Integer, Set<Operation>> operations(UacceNode node);

    /** All operations in one set. */
    Set<Operation> all(UacceNode node) {
        Set<Operation> all = EnumSet.noneOf(Operation.class);
        operations(node).values().forEach(all::addAll);
        return all;
    }

    abstract QueueFormat create(UacceNode node, SvaProcess process);
}
