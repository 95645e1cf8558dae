package org.opensva.linux.agent;

/** The instructions of the agent for x86-64; its source is {@code src/main/agent/x86-64.S}. */
final class X86Code {

    /**
     * One instruction a line, bytes first; made from the assembler source by {@code llvm-mc} and
     * {@code llvm-objdump}, as the README of this module says.
     */
    static final String LISTING =
            """
            _start:
            4531e4               xorl %r12d, %r12d
            41bd01000000         movl $1, %r13d
            4531ff               xorl %r15d, %r15d
            4881ec00010000       subq $256, %rsp
            4883e4c0             andq $-64, %rsp
            488d05a6020000       leaq 678(%rip), %rax  # handler
            48890424             movq %rax, (%rsp)
            48c744240804000054   movq $1409286148, 8(%rsp)
            488d05bc020000       leaq 700(%rip), %rax  # restorer
            4889442410           movq %rax, 16(%rsp)
            48c744241800000000   movq $0, 24(%rsp)
            bf0b000000           movl $11, %edi
            e865020000           callq action
            bf07000000           movl $7, %edi
            e85b020000           callq action
            greet:
            48b84f50414e4f535641 movabsq $4708042060542857295, %rax
            48890424             movq %rax, (%rsp)
            b827000000           movl $39, %eax
            0f05                 syscall
            4889442408           movq %rax, 8(%rsp)
            b8ba000000           movl $186, %eax
            0f05                 syscall
            4889442410           movq %rax, 16(%rsp)
            48c744241802000000   movq $2, 24(%rsp)
            4889e6               movq %rsp, %rsi
            ba20000000           movl $32, %edx
            e8a5010000           callq send
            loop:
            4889e6               movq %rsp, %rsi
            ba40000000           movl $64, %edx
            e8ba010000           callq receive
            488b0424             movq (%rsp), %rax
            488b7c2408           movq 8(%rsp), %rdi
            4883f805             cmpq $5, %rax
            0f874d020000         ja quit
            0f8402010000         je put
            4883f803             cmpq $3, %rax
            0f849c000000         je store
            0f87ab000000         ja fetch
            4883f801             cmpq $1, %rax
            742a                 je clone
            777d                 ja load
            4889f8               movq %rdi, %rax
            488b7c2410           movq 16(%rsp), %rdi
            488b742418           movq 24(%rsp), %rsi
            488b542420           movq 32(%rsp), %rdx
            4c8b542428           movq 40(%rsp), %r10
            4c8b442430           movq 48(%rsp), %r8
            4c8b4c2438           movq 56(%rsp), %r9
            0f05                 syscall
            e9f4000000           jmp reply
            clone:
            488b742410           movq 16(%rsp), %rsi
            488b5c2418           movq 24(%rsp), %rbx
            31d2                 xorl %edx, %edx
            4531d2               xorl %r10d, %r10d
            4531c0               xorl %r8d, %r8d
            b838000000           movl $56, %eax
            0f05                 syscall
            4885c0               testq %rax, %rax
            0f85d2000000         jne reply
            31f6                 xorl %esi, %esi
            e884010000           callq place
            be01000000           movl $1, %esi
            e87a010000           callq place
            89df                 movl %ebx, %edi
            b803000000           movl $3, %eax
            0f05                 syscall
            4531e4               xorl %r12d, %r12d
            41bd01000000         movl $1, %r13d
            4881ec00010000       subq $256, %rsp
            4883e4c0             andq $-64, %rsp
            e909ffffff           jmp greet
            load:
            41bf01000000         movl $1, %r15d
            488b07               movq (%rdi), %rax
            4531ff               xorl %r15d, %r15d
            e98e000000           jmp reply
            store:
            488b442410           movq 16(%rsp), %rax
            41bf01000000         movl $1, %r15d
            488907               movq %rax, (%rdi)
            4531ff               xorl %r15d, %r15d
            31c0                 xorl %eax, %eax
            eb79                 jmp reply
            fetch:
            4889fe               movq %rdi, %rsi
            bf00105000           movl $5246976, %edi
            488b4c2410           movq 16(%rsp), %rcx
            4989ce               movq %rcx, %r14
            41bf01000000         movl $1, %r15d
            f3a4                 rep movsb (%rsi), %es:(%rdi)
            4531ff               xorl %r15d, %r15d
            4c89f0               movq %r14, %rax
            4531c0               xorl %r8d, %r8d
            4531c9               xorl %r9d, %r9d
            fetched:
            4989c6               movq %rax, %r14
            e87f000000           callq answer
            4d85f6               testq %r14, %r14
            0f84eafeffff         je loop
            be00105000           movl $5246976, %esi
            4c89f2               movq %r14, %rdx
            e882000000           callq send
            e9d8feffff           jmp loop
            put:
            be00105000           movl $5246976, %esi
            488b542410           movq 16(%rsp), %rdx
            4989d6               movq %rdx, %r14
            4885d2               testq %rdx, %rdx
            7405                 je nothing
            e888000000           callq receive
            nothing:
            be00105000           movl $5246976, %esi
            488b7c2408           movq 8(%rsp), %rdi
            4c89f1               movq %r14, %rcx
            41bf01000000         movl $1, %r15d
            f3a4                 rep movsb (%rsi), %es:(%rdi)
            4531ff               xorl %r15d, %r15d
            4c89f0               movq %r14, %rax
            reply:
            4531c0               xorl %r8d, %r8d
            4531c9               xorl %r9d, %r9d
            replied:
            e827000000           callq answer
            e996feffff           jmp loop
            faulted:
            4531ff               xorl %r15d, %r15d
            488b0424             movq (%rsp), %rax
            4883f804             cmpq $4, %rax
            72e9                 jb replied
            488d10               leaq (%rax), %rdx
            4c89f0               movq %r14, %rax
            4829c8               subq %rcx, %rax
            4883fa04             cmpq $4, %rdx
            0f847bffffff         je fetched
            ebd4                 jmp replied
            answer:
            4889442448           movq %rax, 72(%rsp)
            4c89442450           movq %r8, 80(%rsp)
            4c894c2458           movq %r9, 88(%rsp)
            488d742448           leaq 72(%rsp), %rsi
            ba18000000           movl $24, %edx
            send:
            4489ef               movl %r13d, %edi
            b801000000           movl $1, %eax
            0f05                 syscall
            4883f8fc             cmpq $-4, %rax
            74f0                 je send
            4885c0               testq %rax, %rax
            0f8eaf000000         jle quit
            4801c6               addq %rax, %rsi
            4829c2               subq %rax, %rdx
            75df                 jne send
            c3                   retq
            receive:
            bb40000000           movl $64, %ebx
            look:
            4489e7               movl %r12d, %edi
            41ba40000000         movl $64, %r10d
            4531c0               xorl %r8d, %r8d
            4531c9               xorl %r9d, %r9d
            b82d000000           movl $45, %eax
            0f05                 syscall
            4885c0               testq %rax, %rax
            7f23                 jg received
            4883f8f5             cmpq $-11, %rax
            750b                 jne wait
            b818000000           movl $24, %eax
            0f05                 syscall
            ffcb                 decl %ebx
            75d4                 jne look
            wait:
            4489e7               movl %r12d, %edi
            31c0                 xorl %eax, %eax
            0f05                 syscall
            4883f8fc             cmpq $-4, %rax
            74f3                 je wait
            4885c0               testq %rax, %rax
            7e63                 jle quit
            received:
            4801c6               addq %rax, %rsi
            4829c2               subq %rax, %rdx
            75b5                 jne receive
            c3                   retq
            place:
            89df                 movl %ebx, %edi
            31d2                 xorl %edx, %edx
            b824010000           movl $292, %eax
            0f05                 syscall
            c3                   retq
            action:
            488d742408           leaq 8(%rsp), %rsi
            31d2                 xorl %edx, %edx
            41ba08000000         movl $8, %r10d
            b80d000000           movl $13, %eax
            0f05                 syscall
            c3                   retq
            handler:
            837e0800             cmpl $0, 8(%rsi)
            7e23                 jle handled
            48837a6000           cmpq $0, 96(%rdx)
            7424                 je broken
            89ff                 movl %edi, %edi
            48897a28             movq %rdi, 40(%rdx)
            488b4610             movq 16(%rsi), %rax
            48894230             movq %rax, 48(%rdx)
            488d0514ffffff       leaq -236(%rip), %rax  # faulted
            488982a8000000       movq %rax, 168(%rdx)
            handled:
            c3                   retq
            restorer:
            b80f000000           movl $15, %eax
            0f05                 syscall
            broken:
            8dbf80000000         leal 128(%rdi), %edi
            eb02                 jmp exit
            quit:
            31ff                 xorl %edi, %edi
            exit:
            b8e7000000           movl $231, %eax
            0f05                 syscall
            """;

    private X86Code() {}
}
