# The agent for x86-64 Linux: a process that does what it is told over a stream socket. No libc, fixed addresses.
#
# Request: 8 little-endian words {op, a0 ... a6}. Reply: 3 words {result, signal, address}; signal is 0 unless a load or
# store of the request faulted, and then address is what the kernel reported.
#   op 0  system call  a0 = number, a1 ... a6 = arguments; result as the kernel gave it
#   op 1  clone        a0 = flags, a1 = stack or 0, a2 = channel of the child, more than 1; the child has it as 0 and 1, and greets there
#   op 2  load         a0 = address; eight bytes with acquire semantics
#   op 3  store        a0 = address, a1 = value; eight bytes with release semantics
#   op 4  fetch        a0 = address, a1 = length (at most BUFFER_SIZE); loads bytes; result of them follow the reply
#   op 5  put          a0 = address, a1 = length (at most BUFFER_SIZE); that many bytes follow the request, and are stored
# Greeting, at the start and in a child: 4 words {magic, process id, thread id, version}.
#
# r12 input, r13 output, r14 length of the copy that runs, r15 1 while a load or store of a request runs.
        .equ BUFFER, 0x501000
        .equ LOOKS, 64
        .equ MAGIC, 0x4156534f4e41504f
        .equ VERSION, 2
        .globl _start
_start: xorl %r12d,%r12d
        movl $1,%r13d
        xorl %r15d,%r15d
        subq $256,%rsp
        andq $-64,%rsp
        leaq handler(%rip),%rax         # struct sigaction of the kernel: handler, flags, restorer, mask
        movq %rax,(%rsp)
        movq $0x54000004,8(%rsp)        # SA_NODEFER | SA_RESTART | SA_RESTORER | SA_SIGINFO
        leaq restorer(%rip),%rax
        movq %rax,16(%rsp)
        movq $0,24(%rsp)
        movl $11,%edi                   # SIGSEGV
        call action
        movl $7,%edi                    # SIGBUS
        call action
greet:  movabsq $MAGIC,%rax
        movq %rax,(%rsp)
        movl $39,%eax                   # getpid
        syscall
        movq %rax,8(%rsp)
        movl $186,%eax                  # gettid
        syscall
        movq %rax,16(%rsp)
        movq $VERSION,24(%rsp)
        movq %rsp,%rsi
        movl $32,%edx
        call send
loop:   movq %rsp,%rsi
        movl $64,%edx
        call receive
        movq (%rsp),%rax
        movq 8(%rsp),%rdi
        cmpq $5,%rax
        ja quit
        je put
        cmpq $3,%rax
        je store
        ja fetch
        cmpq $1,%rax
        je clone
        ja load
        movq %rdi,%rax
        movq 16(%rsp),%rdi
        movq 24(%rsp),%rsi
        movq 32(%rsp),%rdx
        movq 40(%rsp),%r10
        movq 48(%rsp),%r8
        movq 56(%rsp),%r9
        syscall
        jmp reply
clone:  movq 16(%rsp),%rsi
        movq 24(%rsp),%rbx
        xorl %edx,%edx
        xorl %r10d,%r10d
        xorl %r8d,%r8d
        movl $56,%eax                   # clone
        syscall
        testq %rax,%rax
        jnz reply
        xorl %esi,%esi                  # the channel becomes descriptors 0 and 1; those of the parent are gone
        call place
        movl $1,%esi
        call place
        movl %ebx,%edi
        movl $3,%eax                    # close
        syscall
        xorl %r12d,%r12d
        movl $1,%r13d
        subq $256,%rsp
        andq $-64,%rsp
        jmp greet
load:   movl $1,%r15d
        movq (%rdi),%rax
        xorl %r15d,%r15d
        jmp reply
store:  movq 16(%rsp),%rax
        movl $1,%r15d
        movq %rax,(%rdi)
        xorl %r15d,%r15d
        xorl %eax,%eax
        jmp reply
fetch:  movq %rdi,%rsi
        movl $BUFFER,%edi
        movq 16(%rsp),%rcx
        movq %rcx,%r14
        movl $1,%r15d
        rep movsb
        xorl %r15d,%r15d
        movq %r14,%rax
        xorl %r8d,%r8d
        xorl %r9d,%r9d
fetched: movq %rax,%r14
        call answer
        testq %r14,%r14
        jz loop
        movl $BUFFER,%esi
        movq %r14,%rdx
        call send
        jmp loop
put:    movl $BUFFER,%esi
        movq 16(%rsp),%rdx
        movq %rdx,%r14
        testq %rdx,%rdx
        jz nothing
        call receive
nothing: movl $BUFFER,%esi
        movq 8(%rsp),%rdi
        movq %r14,%rcx
        movl $1,%r15d
        rep movsb
        xorl %r15d,%r15d
        movq %r14,%rax
reply:  xorl %r8d,%r8d
        xorl %r9d,%r9d
replied: call answer
        jmp loop
faulted: xorl %r15d,%r15d               # r8 signal, r9 address, rcx bytes that were not copied
        movq (%rsp),%rax
        cmpq $4,%rax
        jb replied
        leaq (%rax),%rdx
        movq %r14,%rax
        subq %rcx,%rax
        cmpq $4,%rdx
        je fetched
        jmp replied
answer: movq %rax,72(%rsp)              # beyond the request; the return address is at 0
        movq %r8,80(%rsp)
        movq %r9,88(%rsp)
        leaq 72(%rsp),%rsi
        movl $24,%edx
send:   movl %r13d,%edi                 # rsi address, rdx length
        movl $1,%eax                    # write
        syscall
        cmpq $-4,%rax                   # EINTR
        je send
        testq %rax,%rax
        jle quit
        addq %rax,%rsi
        subq %rax,%rdx
        jnz send
        ret
receive: movl $LOOKS,%ebx               # rsi address, rdx length
look:   movl %r12d,%edi
        movl $64,%r10d                  # MSG_DONTWAIT
        xorl %r8d,%r8d
        xorl %r9d,%r9d
        movl $45,%eax                   # recvfrom
        syscall
        testq %rax,%rax
        jg received
        cmpq $-11,%rax                  # EAGAIN; at its start the agent reads a pipe
        jne wait
        movl $24,%eax                   # sched_yield
        syscall
        decl %ebx
        jnz look
wait:   movl %r12d,%edi
        xorl %eax,%eax                  # read
        syscall
        cmpq $-4,%rax                   # EINTR
        je wait
        testq %rax,%rax
        jle quit
received: addq %rax,%rsi
        subq %rax,%rdx
        jnz receive
        ret
place:  movl %ebx,%edi
        xorl %edx,%edx
        movl $292,%eax                  # dup3
        syscall
        ret
action: leaq 8(%rsp),%rsi
        xorl %edx,%edx
        movl $8,%r10d
        movl $13,%eax                   # rt_sigaction
        syscall
        ret
handler: cmpl $0,8(%rsi)                # si_code: positive if the kernel says so, and not kill(2)
        jle handled
        cmpq $0,96(%rdx)                # r15 of the interrupted code
        je broken
        movl %edi,%edi
        movq %rdi,40(%rdx)              # r8
        movq 16(%rsi),%rax
        movq %rax,48(%rdx)              # r9 = si_addr
        leaq faulted(%rip),%rax
        movq %rax,168(%rdx)             # rip
handled: ret
restorer: movl $15,%eax                 # rt_sigreturn
        syscall
broken: leal 128(%rdi),%edi
        jmp exit
quit:   xorl %edi,%edi
exit:   movl $231,%eax                  # exit_group
        syscall
