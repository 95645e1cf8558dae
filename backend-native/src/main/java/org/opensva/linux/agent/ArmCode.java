package org.opensva.linux.agent;

/** The instructions of the agent for 64-bit Arm; its source is {@code src/main/agent/aarch64.S}. */
final class ArmCode {

    /**
     * One instruction a line, bytes first; made from the assembler source by {@code llvm-mc} and
     * {@code llvm-objdump}, as the README of this module says.
     */
    static final String LISTING =
            """
            _start:
            130080d2             mov x19, #0
            340080d2             mov x20, #1
            1a0080d2             mov x26, #0
            ff0304d1             sub sp, sp, #256
            e9030091             mov x9, sp
            29e57a92             and x9, x9, #0xffffffffffffffc0
            3f010091             mov sp, x9
            49160010             adr x9, #712
            0a80aad2             mov x10, #1409286144
            8a0080f2             movk x10, #4
            e92b00a9             stp x9, x10, [sp]
            49170010             adr x9, #744
            e97f01a9             stp x9, xzr, [sp, #16]
            600180d2             mov x0, #11
            a5000094             bl action
            e00080d2             mov x0, #7
            a3000094             bl action
            greet:
            e9098ad2             mov x9, #20559
            29c8a9f2             movk x9, #20033, lsl #16
            e969caf2             movk x9, #21327, lsl #32
            c92ae8f2             movk x9, #16726, lsl #48
            e90300f9             str x9, [sp]
            881580d2             mov x8, #172
            010000d4             svc #0
            e00700f9             str x0, [sp, #8]
            481680d2             mov x8, #178
            010000d4             svc #0
            e00b00f9             str x0, [sp, #16]
            490080d2             mov x9, #2
            e90f00f9             str x9, [sp, #24]
            e1030091             mov x1, sp
            020480d2             mov x2, #32
            69000094             bl send
            loop:
            e1030091             mov x1, sp
            020880d2             mov x2, #64
            71000094             bl receive
            e90340a9             ldp x9, x0, [sp]
            3f1500f1             cmp x9, #5
            68140054             b.hi quit
            60070054             b.eq put
            3f0d00f1             cmp x9, #3
            80040054             b.eq store
            28050054             b.hi fetch
            3f0500f1             cmp x9, #1
            00010054             b.eq clone
            88030054             b.hi load
            e80300aa             mov x8, x0
            e00741a9             ldp x0, x1, [sp, #16]
            e20f42a9             ldp x2, x3, [sp, #32]
            e41743a9             ldp x4, x5, [sp, #48]
            010000d4             svc #0
            39000014             b reply
            clone:
            e15b41a9             ldp x1, x22, [sp, #16]
            020080d2             mov x2, #0
            030080d2             mov x3, #0
            040080d2             mov x4, #0
            881b80d2             mov x8, #220
            010000d4             svc #0
            400600b5             cbnz x0, reply
            010080d2             mov x1, #0
            72000094             bl place
            210080d2             mov x1, #1
            70000094             bl place
            e00316aa             mov x0, x22
            280780d2             mov x8, #57
            010000d4             svc #0
            130080d2             mov x19, #0
            340080d2             mov x20, #1
            ff0304d1             sub sp, sp, #256
            e9030091             mov x9, sp
            29e57a92             and x9, x9, #0xffffffffffffffc0
            3f010091             mov sp, x9
            c9ffff17             b greet
            load:
            3a0080d2             mov x26, #1
            00fcdfc8             ldar x0, [x0]
            1a0080d2             mov x26, #0
            20000014             b reply
            store:
            e10b40f9             ldr x1, [sp, #16]
            3a0080d2             mov x26, #1
            01fc9fc8             stlr x1, [x0]
            1a0080d2             mov x26, #0
            000080d2             mov x0, #0
            1a000014             b reply
            fetch:
            e20300aa             mov x2, x0
            010aa0d2             mov x1, #5242880
            010082f2             movk x1, #4096
            fb0b40f9             ldr x27, [sp, #16]
            19000094             bl copy
            090080d2             mov x9, #0
            0a0080d2             mov x10, #0
            fetched:
            fb0300aa             mov x27, x0
            27000094             bl answer
            bbf8ffb4             cbz x27, loop
            010aa0d2             mov x1, #5242880
            010082f2             movk x1, #4096
            e2031baa             mov x2, x27
            29000094             bl send
            c0ffff17             b loop
            put:
            fb0b40f9             ldr x27, [sp, #16]
            010aa0d2             mov x1, #5242880
            010082f2             movk x1, #4096
            e2031baa             mov x2, x27
            420000b4             cbz x2, nothing
            2d000094             bl receive
            nothing:
            020aa0d2             mov x2, #5242880
            020082f2             movk x2, #4096
            e10740f9             ldr x1, [sp, #8]
            05000094             bl copy
            reply:
            090080d2             mov x9, #0
            0a0080d2             mov x10, #0
            replied:
            14000094             bl answer
            b2ffff17             b loop
            copy:
            e3031baa             mov x3, x27
            3a0080d2             mov x26, #1
            a30000b4             cbz x3, copy+0x1c
            44144038             ldrb w4, [x2], #1
            24140038             strb w4, [x1], #1
            630400d1             sub x3, x3, #1
            fcffff17             b copy+0x8
            1a0080d2             mov x26, #0
            e0031baa             mov x0, x27
            c0035fd6             ret
            faulted:
            1a0080d2             mov x26, #0
            eb0340f9             ldr x11, [sp]
            000080d2             mov x0, #0
            7f1100f1             cmp x11, #4
            03feff54             b.lo replied
            600303cb             sub x0, x27, x3
            40fbff54             b.eq fetched
            edffff17             b replied
            answer:
            fc031eaa             mov x28, x30
            e02704a9             stp x0, x9, [sp, #64]
            ea2b00f9             str x10, [sp, #80]
            e1030191             add x1, sp, #64
            020380d2             mov x2, #24
            02000094             bl send
            80035fd6             ret x28
            send:
            e00314aa             mov x0, x20
            080880d2             mov x8, #64
            010000d4             svc #0
            1f1000b1             cmn x0, #4
            80ffff54             b.eq send
            1f0000f1             cmp x0, #0
            4d070054             b.le quit
            2100008b             add x1, x1, x0
            420000eb             subs x2, x2, x0
            e1feff54             b.ne send
            c0035fd6             ret
            receive:
            150880d2             mov x21, #64
            look:
            e00313aa             mov x0, x19
            030880d2             mov x3, #64
            040080d2             mov x4, #0
            050080d2             mov x5, #0
            e81980d2             mov x8, #207
            010000d4             svc #0
            1f0000f1             cmp x0, #0
            cc010054             b.gt received
            1f2c00b1             cmn x0, #11
            a1000054             b.ne wait
            880f80d2             mov x8, #124
            010000d4             svc #0
            b50600f1             subs x21, x21, #1
            61feff54             b.ne look
            wait:
            e00313aa             mov x0, x19
            e80780d2             mov x8, #63
            010000d4             svc #0
            1f1000b1             cmn x0, #4
            80ffff54             b.eq wait
            1f0000f1             cmp x0, #0
            0d040054             b.le quit
            received:
            2100008b             add x1, x1, x0
            420000eb             subs x2, x2, x0
            01fdff54             b.ne receive
            c0035fd6             ret
            place:
            e00316aa             mov x0, x22
            020080d2             mov x2, #0
            080380d2             mov x8, #24
            010000d4             svc #0
            c0035fd6             ret
            action:
            e1030091             mov x1, sp
            020080d2             mov x2, #0
            030180d2             mov x3, #8
            c81080d2             mov x8, #134
            010000d4             svc #0
            c0035fd6             ret
            handler:
            290840b9             ldr w9, [x1, #8]
            3f010071             cmp w9, #0
            2d010054             b.le handled
            49c440f9             ldr x9, [x2, #392]
            490100b4             cbz x9, broken
            e003002a             mov w0, w0
            408000f9             str x0, [x2, #256]
            290840f9             ldr x9, [x1, #16]
            498400f9             str x9, [x2, #264]
            09f7ff10             adr x9, #-288
            49dc00f9             str x9, [x2, #440]
            handled:
            c0035fd6             ret
            restorer:
            681180d2             mov x8, #139
            010000d4             svc #0
            broken:
            00000211             add w0, w0, #128
            02000014             b exit
            quit:
            000080d2             mov x0, #0
            exit:
            c80b80d2             mov x8, #94
            010000d4             svc #0
            """;

    private ArmCode() {}
}
