// Offsets are enum register_index of image_machine.h times 8. A return address is stored as it is: what the
// pointer authentication of this process has signed, another process could not authenticate.
        .text
        .globl  registers_save
        .hidden registers_save
        .type   registers_save, %function
registers_save:
        .cfi_startproc
        hint    #34                     // bti c, on CPUs that know it
        stp     x19, x20, [x0, #152]
        stp     x21, x22, [x0, #168]
        stp     x23, x24, [x0, #184]
        stp     x25, x26, [x0, #200]
        stp     x27, x28, [x0, #216]
        stp     x29, x30, [x0, #232]
        mov     x1, sp
        stp     x1, x30, [x0, #248]     // sp and pc as they are after the return
        str     xzr, [x0, #264]         // pstate: 64-bit code at EL0
        mrs     x1, tpidr_el0
        str     x1, [x0, #272]
        add     x2, x0, #280            // v0
        str     d8, [x2, #128]
        str     d9, [x2, #144]
        str     d10, [x2, #160]
        str     d11, [x2, #176]
        str     d12, [x2, #192]
        str     d13, [x2, #208]
        str     d14, [x2, #224]
        str     d15, [x2, #240]
        mrs     x1, fpsr
        str     w1, [x2, #512]
        mrs     x1, fpcr
        str     w1, [x2, #516]
        mov     x0, #0
        ret
        .cfi_endproc
        .size   registers_save, .-registers_save
        .section .note.GNU-stack, "", %progbits
