package org.opensva.linux.abi;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** {@code include/uapi/linux/userfaultfd.h}, Linux 6.12. */
class UserfaultfdTest {

    /** {@code _IOC(dir, type, nr, size)}, {@code include/uapi/asm-generic/ioctl.h}. */
    private static long ioc(int direction, int type, int number, long size) {
        return (long) direction << 30 | size << 16 | (long) type << 8 | number;
    }

    @Test
    void requestsAreMadeOfTypeNumberAndSize() {
        int readAndWrite = 3;
        assertEquals(
                ioc(readAndWrite, 0xAA, 0x3F, Layouts.UFFDIO_API.byteSize()),
                Userfaultfd.IOCTL_API);
        assertEquals(
                ioc(readAndWrite, 0xAA, 0x00, Layouts.UFFDIO_REGISTER.byteSize()),
                Userfaultfd.IOCTL_REGISTER);
        assertEquals(ioc(0, 0xAA, 0x00, 0), Userfaultfd.IOCTL_NEW);
    }

    @Test
    void bitsAndEventsAreThoseOfTheHeader() {
        assertEquals(0xAA, Userfaultfd.API);
        assertEquals(0x04, Userfaultfd.FEATURE_REMAP);
        assertEquals(0x08, Userfaultfd.FEATURE_REMOVE);
        assertEquals(0x40, Userfaultfd.FEATURE_UNMAP);
        assertEquals(0x2000, Userfaultfd.FEATURE_WP_UNPOPULATED);
        assertEquals(0x8000, Userfaultfd.FEATURE_WP_ASYNC);
        assertEquals(0x14, Userfaultfd.EVENT_REMAP);
        assertEquals(0x15, Userfaultfd.EVENT_REMOVE);
        assertEquals(0x16, Userfaultfd.EVENT_UNMAP);
        assertEquals(2, Userfaultfd.MODE_WP);
        assertEquals(1, Userfaultfd.USER_MODE_ONLY);
        // O_NONBLOCK is 04000, O_CLOEXEC 02000000 on both architectures.
        assertEquals(04000 | 02000000, Userfaultfd.FLAGS);
    }
}
