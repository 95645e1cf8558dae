package org.opensva.linux.agent;

import org.opensva.linux.abi.Architecture;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The agent as an executable file: an ELF64 header, three program headers, the code (System V ABI
 * gABI chapters 4 and 5; {@code include/uapi/linux/elf.h}).
 *
 * <p>It is static and linked to fixed addresses: code that may be read and executed, memory that
 * may be read and written, a stack without execute permission. Segments are aligned to 64 KiB, the
 * largest page size of 64-bit Arm.
 */
public final class AgentImage {

    /** The first address of memory that the Java side may use for arguments of system calls. */
    public static final long SCRATCH = 0x500000;

    /** How many bytes of it there are. */
    public static final int SCRATCH_SIZE = 0x1000;

    /** How many bytes one fetch or put moves at most; the buffer follows the scratch memory. */
    public static final int BUFFER_SIZE = 0x10000;

    /** The first word of a greeting. */
    static final long MAGIC = 0x4156_534f_4e41_504fL;

    /** The last word of a greeting. */
    static final long VERSION = 2;

    private static final long BASE = 0x400000;
    private static final int ALIGNMENT = 0x10000;
    private static final int HEADER = 64;
    private static final int PROGRAM_HEADER = 56;
    private static final int PROGRAM_HEADERS = 3;
    private static final int CODE = 256;

    private static final int PT_LOAD = 1;
    private static final int PT_GNU_STACK = 0x6474_e551;
    private static final int EXECUTE = 1;
    private static final int WRITE = 2;
    private static final int READ = 4;

    private AgentImage() {}

    /**
     * Writes the file.
     *
     * @param architecture for which processors
     * @return its bytes
     */
    public static byte[] of(Architecture architecture) {
        byte[] code =
                MachineCode.of(
                        switch (architecture) {
                            case X86_64 -> X86Code.LISTING;
                            case AARCH64 -> ArmCode.LISTING;
                        });
        ByteBuffer file = ByteBuffer.allocate(CODE + code.length).order(ByteOrder.LITTLE_ENDIAN);
        header(file, architecture);
        program(file, PT_LOAD, READ | EXECUTE, BASE, file.capacity(), file.capacity());
        program(file, PT_LOAD, READ | WRITE, SCRATCH, 0, SCRATCH_SIZE + BUFFER_SIZE);
        program(file, PT_GNU_STACK, READ | WRITE, 0, 0, 0);
        file.position(CODE).put(code);
        return file.array();
    }

    private static void header(ByteBuffer file, Architecture architecture) {
        // e_ident: magic, 64 bits, little-endian, version 1, System V.
        file.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1, 0}).putLong(0);
        file.putShort((short) 2).putShort((short) architecture.elfMachine()).putInt(1);
        file.putLong(BASE + CODE).putLong(HEADER).putLong(0).putInt(0);
        file.putShort((short) HEADER).putShort((short) PROGRAM_HEADER);
        file.putShort((short) PROGRAM_HEADERS).putShort((short) 0).putInt(0);
    }

    private static void program(
            ByteBuffer file, int type, int flags, long address, long inFile, long inMemory) {
        file.putInt(type).putInt(flags).putLong(0).putLong(address).putLong(address);
        file.putLong(inFile).putLong(inMemory).putLong(type == PT_LOAD ? ALIGNMENT : 16);
    }
}
