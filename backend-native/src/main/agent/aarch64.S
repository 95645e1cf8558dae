// The agent for 64-bit Arm Linux; the protocol is described in x86-64.S.
//
// x19 input, x20 output, x26 1 while a load or store of a request runs, x27 length of the copy that runs.
        .equ BUFFER, 0x501000
        .equ LOOKS, 64
        .globl _start
_start: mov   x19, #0
        mov   x20, #1
        mov   x26, #0
        sub   sp, sp, #256
        mov   x9, sp
        and   x9, x9, #0xffffffffffffffc0
        mov   sp, x9
        adr   x9, handler               // struct sigaction of the kernel: handler, flags, restorer, mask
        movz  x10, #0x5400, lsl #16     // SA_NODEFER | SA_RESTART | SA_RESTORER | SA_SIGINFO
        movk  x10, #0x0004
        stp   x9, x10, [sp]
        adr   x9, restorer
        stp   x9, xzr, [sp, #16]
        mov   x0, #11                   // SIGSEGV
        bl    action
        mov   x0, #7                    // SIGBUS
        bl    action
greet:  movz  x9, #0x504f
        movk  x9, #0x4e41, lsl #16
        movk  x9, #0x534f, lsl #32
        movk  x9, #0x4156, lsl #48
        str   x9, [sp]
        mov   x8, #172                  // getpid
        svc   #0
        str   x0, [sp, #8]
        mov   x8, #178                  // gettid
        svc   #0
        str   x0, [sp, #16]
        mov   x9, #2                    // version
        str   x9, [sp, #24]
        mov   x1, sp
        mov   x2, #32
        bl    send
loop:   mov   x1, sp
        mov   x2, #64
        bl    receive
        ldp   x9, x0, [sp]
        cmp   x9, #5
        b.hi  quit
        b.eq  put
        cmp   x9, #3
        b.eq  store
        b.hi  fetch
        cmp   x9, #1
        b.eq  clone
        b.hi  load
        mov   x8, x0
        ldp   x0, x1, [sp, #16]
        ldp   x2, x3, [sp, #32]
        ldp   x4, x5, [sp, #48]
        svc   #0
        b     reply
clone:  ldp   x1, x22, [sp, #16]
        mov   x2, #0
        mov   x3, #0
        mov   x4, #0
        mov   x8, #220                  // clone
        svc   #0
        cbnz  x0, reply
        mov   x1, #0                    // the channel becomes descriptors 0 and 1; those of the parent are gone
        bl    place
        mov   x1, #1
        bl    place
        mov   x0, x22
        mov   x8, #57                   // close
        svc   #0
        mov   x19, #0
        mov   x20, #1
        sub   sp, sp, #256
        mov   x9, sp
        and   x9, x9, #0xffffffffffffffc0
        mov   sp, x9
        b     greet
load:   mov   x26, #1
        ldar  x0, [x0]
        mov   x26, #0
        b     reply
store:  ldr   x1, [sp, #16]
        mov   x26, #1
        stlr  x1, [x0]
        mov   x26, #0
        mov   x0, #0
        b     reply
fetch:  mov   x2, x0                    // from
        movz  x1, #0x50, lsl #16        // to: BUFFER
        movk  x1, #0x1000
        ldr   x27, [sp, #16]
        bl    copy
        mov   x9, #0
        mov   x10, #0
fetched: mov  x27, x0
        bl    answer
        cbz   x27, loop
        movz  x1, #0x50, lsl #16
        movk  x1, #0x1000
        mov   x2, x27
        bl    send
        b     loop
put:    ldr   x27, [sp, #16]
        movz  x1, #0x50, lsl #16
        movk  x1, #0x1000
        mov   x2, x27
        cbz   x2, nothing
        bl    receive
nothing: movz x2, #0x50, lsl #16
        movk  x2, #0x1000
        ldr   x1, [sp, #8]
        bl    copy
reply:  mov   x9, #0
        mov   x10, #0
replied: bl   answer
        b     loop
copy:   mov   x3, x27                   // x1 to, x2 from; x3 bytes that were not copied
        mov   x26, #1
1:      cbz   x3, 2f
        ldrb  w4, [x2], #1
        strb  w4, [x1], #1
        sub   x3, x3, #1
        b     1b
2:      mov   x26, #0
        mov   x0, x27
        ret
faulted: mov  x26, #0                   // x9 signal, x10 address
        ldr   x11, [sp]
        mov   x0, #0
        cmp   x11, #4
        b.lo  replied
        sub   x0, x27, x3
        b.eq  fetched
        b     replied
answer: mov   x28, x30
        stp   x0, x9, [sp, #64]
        str   x10, [sp, #80]
        add   x1, sp, #64
        mov   x2, #24
        bl    send
        ret   x28
send:   mov   x0, x20                   // x1 address, x2 length
        mov   x8, #64                   // write
        svc   #0
        cmn   x0, #4                    // EINTR
        b.eq  send
        cmp   x0, #0
        b.le  quit
        add   x1, x1, x0
        subs  x2, x2, x0
        b.ne  send
        ret
receive: mov  x21, #LOOKS               // x1 address, x2 length
look:   mov   x0, x19
        mov   x3, #64                   // MSG_DONTWAIT
        mov   x4, #0
        mov   x5, #0
        mov   x8, #207                  // recvfrom
        svc   #0
        cmp   x0, #0
        b.gt  received
        cmn   x0, #11                   // EAGAIN; at its start the agent reads a pipe
        b.ne  wait
        mov   x8, #124                  // sched_yield
        svc   #0
        subs  x21, x21, #1
        b.ne  look
wait:   mov   x0, x19
        mov   x8, #63                   // read
        svc   #0
        cmn   x0, #4                    // EINTR
        b.eq  wait
        cmp   x0, #0
        b.le  quit
received: add x1, x1, x0
        subs  x2, x2, x0
        b.ne  receive
        ret
place:  mov   x0, x22
        mov   x2, #0
        mov   x8, #24                   // dup3
        svc   #0
        ret
action: mov   x1, sp
        mov   x2, #0
        mov   x3, #8
        mov   x8, #134                  // rt_sigaction
        svc   #0
        ret
handler: ldr  w9, [x1, #8]              // si_code: positive if the kernel says so, and not kill(2)
        cmp   w9, #0
        b.le  handled
        ldr   x9, [x2, #392]            // x26 of the interrupted code
        cbz   x9, broken
        mov   w0, w0
        str   x0, [x2, #256]            // x9
        ldr   x9, [x1, #16]
        str   x9, [x2, #264]            // x10 = si_addr
        adr   x9, faulted
        str   x9, [x2, #440]            // pc
handled: ret
restorer: mov x8, #139                  // rt_sigreturn
        svc   #0
broken: add   w0, w0, #128
        b     exit
quit:   mov   x0, #0
exit:   mov   x8, #94                   // exit_group
        svc   #0
