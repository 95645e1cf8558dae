package org.opensva.uacce.sysfs;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.SysfsTree;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;

import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Files that are made when they are read (Linux {@code fs/kernfs/file.c}, {@code fs/sysfs/file.c}).
 *
 * <p><b>Threading.</b> Files are added by one thread before others see the tree.
 */
final class AttributeTree implements SysfsTree {

    /** What one call of {@code read} or {@code write} moves: a page. */
    private static final int PAGE = 4096;

    private final String root;
    private final BooleanSupplier present;
    private final SortedMap<String, Attribute> files = new TreeMap<>();

    private record Attribute(@Nullable Supplier<String> show, @Nullable Consumer<String> store) {}

    /** Makes an empty tree, which is gone once the device is. */
    AttributeTree(String root, BooleanSupplier present) {
        this.root = root;
        this.present = present;
    }

    /** A file with mode 0444. */
    AttributeTree readOnly(String path, Supplier<String> show) {
        files.put(path, new Attribute(show, null));
        return this;
    }

    /** A file with mode 0200. */
    AttributeTree writeOnly(String path, Consumer<String> store) {
        files.put(path, new Attribute(null, store));
        return this;
    }

    /** A file with mode 0644. */
    AttributeTree readWrite(String path, Supplier<String> show, Consumer<String> store) {
        files.put(path, new Attribute(show, store));
        return this;
    }

    @Override
    public List<String> list(String directory) {
        String prefix = directory.isEmpty() ? "" : directory + "/";
        TreeSet<String> names = new TreeSet<>();
        for (String path : files.tailMap(prefix).keySet()) {
            if (!path.startsWith(prefix)) {
                break;
            }
            String rest = path.substring(prefix.length());
            int slash = rest.indexOf('/');
            names.add(slash < 0 ? rest : rest.substring(0, slash));
        }
        if (names.isEmpty() || !present.getAsBoolean()) {
            throw error(Errno.ENOENT, "readdir", directory, "no such directory");
        }
        return List.copyOf(names);
    }

    @Override
    public String read(String path) {
        Supplier<String> show = find("read", path).show();
        if (show == null) {
            throw error(Errno.EACCES, "read", path, "the file can only be written");
        }
        return show.get() + "\n";
    }

    @Override
    public void write(String path, String text) {
        Consumer<String> store = find("write", path).store();
        if (store == null) {
            throw error(Errno.EACCES, "write", path, "the file can only be read");
        }
        if (!text.isEmpty()) {
            store.accept(text.length() > PAGE ? text.substring(0, PAGE) : text);
        }
    }

    private Attribute find(String call, String path) {
        Attribute found = present.getAsBoolean() ? files.get(path) : null;
        if (found != null) {
            return found;
        }
        boolean directory =
                present.getAsBoolean()
                        && (path.isEmpty()
                                || files.keySet().stream()
                                        .anyMatch(file -> file.startsWith(path + "/")));
        throw directory ? error(Errno.EISDIR, call, path, "") : error(Errno.ENOENT, call, path, "");
    }

    private ErrnoException error(Errno errno, String call, String path, String detail) {
        return new ErrnoException(errno, call + "(" + root + "/" + path + ")", detail);
    }
}
