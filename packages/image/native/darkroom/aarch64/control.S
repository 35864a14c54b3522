// control.h, and where the kernel starts this program. Offsets are enum register_index of image_machine.h
// times 8. Nothing returns through a frame of the image's that lies above: its return addresses may be signed
// with keys that only the target had (docs/image-format.md).
        .text
        .globl  _start, control_move, control_jump, control_signal_return
        .hidden control_move, control_jump, control_signal_return

_start:
        mov     x0, sp
        mov     x29, #0
        mov     x30, #0
        bl      start
        brk     #1

control_move:
        mov     sp, x0
        mov     x29, #0
        mov     x30, #0
        blr     x1
        brk     #1

control_jump:
        ldp     x19, x20, [x0, #152]
        ldp     x21, x22, [x0, #168]
        ldp     x23, x24, [x0, #184]
        ldp     x25, x26, [x0, #200]
        ldp     x27, x28, [x0, #216]
        ldp     x29, x30, [x0, #232]
        ldp     x2, x16, [x0, #248]     // sp and pc
        mov     sp, x2
        add     x2, x0, #280            // v0
        ldr     d8, [x2, #128]
        ldr     d9, [x2, #144]
        ldr     d10, [x2, #160]
        ldr     d11, [x2, #176]
        ldr     d12, [x2, #192]
        ldr     d13, [x2, #208]
        ldr     d14, [x2, #224]
        ldr     d15, [x2, #240]
        ldr     w3, [x2, #512]
        msr     fpsr, x3
        ldr     w3, [x2, #516]
        msr     fpcr, x3
        mov     x0, x1
        br      x16

control_signal_return:
        mov     x8, #139                // rt_sigreturn
        svc     #0
        .section .note.GNU-stack, "", %progbits
