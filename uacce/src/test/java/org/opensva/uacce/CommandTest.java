package org.opensva.uacce;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.opensva.uacce.lab.Lab.refused;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.QueueState;
import org.opensva.api.process.Errno;
import org.opensva.uacce.cdev.UacceCommands;
import org.opensva.uacce.lab.Lab;
import org.opensva.uacce.lab.LabProcess;

import java.util.HexFormat;

class CommandTest {

    private final Lab lab = new Lab();
    private final LabProcess process = new LabProcess();
    private final QueueHandle queue = lab.device.open(process);

    @AfterEach
    void close() {
        queue.close();
        lab.close();
    }

    @Test
    void theNumbersAreThoseOfTheKernel() {
        assertEquals(0x5700, UacceCommands.START_Q);
        assertEquals(0x5701, UacceCommands.PUT_Q);
        assertEquals(0xc004480a, UacceCommands.QM_SET_QP_CTX);
        assertEquals(0xc010480b, UacceCommands.QM_SET_QP_INFO);
    }

    @Test
    void aQueueIsStartedAndPutByNumber() {
        queue.ioctl(UacceCommands.START_Q, 0);
        assertEquals(QueueState.STARTED, queue.state());
        refused(Errno.EINVAL, () -> queue.ioctl(UacceCommands.START_Q, 0));
        queue.ioctl(UacceCommands.PUT_Q, 0);
        assertEquals(QueueState.INIT, queue.state());
        queue.control(UacceCommands.START_Q);
        assertEquals(QueueState.STARTED, queue.state());
    }

    @Test
    void theContextTellsWhichQueueItIsAndTakesTypesThatExist() {
        try (QueueHandle second = lab.device.open(process)) {
            long context = process.memory(HexFormat.of().parseHex("ffff0200"));
            second.ioctl(UacceCommands.QM_SET_QP_CTX, context);
            assertEquals("01000200", HexFormat.of().formatHex(process.load(context, 4)));
            long bad = process.memory(HexFormat.of().parseHex("ffff0300"));
            refused(Errno.EINVAL, () -> second.ioctl(UacceCommands.QM_SET_QP_CTX, bad));
            assertEquals("ffff0300", HexFormat.of().formatHex(process.load(bad, 4)));
        }
    }

    @Test
    void theInfoTellsTheFormatOfTheRings() {
        long info = process.memory(new byte[16]);
        queue.ioctl(UacceCommands.QM_SET_QP_INFO, info);
        assertEquals(
                "4000000040004000" + "0000000000000000",
                HexFormat.of().formatHex(process.load(info, 16)));
    }

    @Test
    void anArgumentThatIsNoAddressIsRefusedAndAnUnknownNumberBeforeIt() {
        refused(Errno.EFAULT, () -> queue.ioctl(UacceCommands.QM_SET_QP_CTX, 0));
        refused(Errno.EFAULT, () -> queue.ioctl(UacceCommands.QM_SET_QP_INFO, -16));
        for (int number : new int[] {0, -1, 0x5702, 0x4b0a, 0xc004480b, 0xc010480a, 0x480a}) {
            refused(Errno.EINVAL, () -> queue.ioctl(number, 0));
        }
        lab.device.remove();
        refused(Errno.ENXIO, () -> queue.ioctl(UacceCommands.QM_SET_QP_CTX, 0));
        refused(Errno.ENXIO, () -> queue.ioctl(-1, 0));
    }
}
