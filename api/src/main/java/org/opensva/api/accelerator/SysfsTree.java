package org.opensva.api.accelerator;

import java.util.List;

/**
 * The attributes of a device as files, with the names, texts and errors of {@code
 * /sys/class/uacce/<name>/} (Linux {@code Documentation/ABI/testing/sysfs-driver-uacce}; {@code
 * fs/kernfs/file.c} and {@code fs/sysfs/file.c} for the errors of the calls).
 *
 * <p>A path has no leading slash: {@code api}, {@code available_instances}, {@code device/reset}.
 * An attribute that the device does not have does not exist, rather than being zero. Texts end with
 * a newline; a write may end with one.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public interface SysfsTree {

    /**
     * The names in a directory.
     *
     * @param directory a path, or an empty string for the directory of the device
     * @return names in alphabetical order
     * @throws org.opensva.api.process.ErrnoException {@code ENOENT} if there is no such directory,
     *     also once the device is gone
     */
    List<String> list(String directory);

    /**
     * Reads a file from its first byte to its last.
     *
     * @param path which file
     * @return its text
     * @throws org.opensva.api.process.ErrnoException {@code ENOENT} if there is no such file, also
     *     once the device is gone; {@code EACCES} if it cannot be read; {@code EISDIR} for a
     *     directory; otherwise what the driver answers
     */
    String read(String path);

    /**
     * Writes a file by one call of {@code write(2)}. A write of no bytes does nothing.
     *
     * @param path which file
     * @param text what to write
     * @throws org.opensva.api.process.ErrnoException {@code ENOENT} if there is no such file, also
     *     once the device is gone; {@code EACCES} if it cannot be written; {@code EISDIR} for a
     *     directory; otherwise what the driver answers, {@code EINVAL} for a text that makes no
     *     sense
     */
    void write(String path, String text);
}
