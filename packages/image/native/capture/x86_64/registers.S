// Offsets are enum register_index of image_machine.h times 8.
        .text
        .globl  registers_save
        .hidden registers_save
        .type   registers_save, @function
registers_save:
        .cfi_startproc
        movq    %r15, 0(%rdi)
        movq    %r14, 8(%rdi)
        movq    %r13, 16(%rdi)
        movq    %r12, 24(%rdi)
        movq    %rbp, 32(%rdi)
        movq    %rbx, 40(%rdi)
        movq    (%rsp), %rax
        movq    %rax, 128(%rdi)         // rip: where this call returns to
        leaq    8(%rsp), %rax
        movq    %rax, 152(%rdi)         // rsp as it is after the return
        movl    %cs, %eax               // debuggers distinguish 64-bit from 32-bit code by these two
        movq    %rax, 136(%rdi)
        movl    %ss, %eax
        movq    %rax, 160(%rdi)
        pushfq
        popq    %rax
        movq    %rax, 144(%rdi)
        movq    %rdi, %rsi
        addq    $168, %rsi              // fs_base
        movl    $158, %eax              // arch_prctl(ARCH_GET_FS, &fs_base)
        movl    $0x1003, %edi
        syscall
        xorl    %eax, %eax
        ret
        .cfi_endproc
        .size   registers_save, .-registers_save
        .section .note.GNU-stack, "", @progbits
