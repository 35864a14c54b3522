// Implements control.h, and the program's entry point. Offsets are enum register_index of image_machine.h
// times 8. The thread pointer is set separately, by a system call: machine.h.
        .text
        .globl  _start, control_move, control_jump, control_signal_return
        .hidden control_move, control_jump, control_signal_return

_start:
        movq    %rsp, %rdi
        andq    $-16, %rsp
        call    start
        ud2

control_move:
        movq    %rdi, %rsp
        xorl    %ebp, %ebp
        call    *%rsi
        ud2

control_jump:
        movq    0(%rdi), %r15
        movq    8(%rdi), %r14
        movq    16(%rdi), %r13
        movq    24(%rdi), %r12
        movq    32(%rdi), %rbp
        movq    40(%rdi), %rbx
        movq    128(%rdi), %rcx
        movq    152(%rdi), %rsp
        movq    %rsi, %rax
        jmp     *%rcx

control_signal_return:
        movl    $15, %eax               // rt_sigreturn
        syscall
        .section .note.GNU-stack, "", @progbits
