// The part that we need of what the kernel saves of an interrupted x86-64 program
// (arch/x86/include/uapi/asm/sigcontext.h).
#ifndef AFTERIMAGE_SIGNAL_CONTEXT_H
#define AFTERIMAGE_SIGNAL_CONTEXT_H

#include <stdint.h>

struct signal_context {
  uint64_t flags, link, stack[3];
  uint64_t r8, r9, r10, r11, r12, r13, r14, r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip;
};

// A wait that a signal interrupts is set back to its `syscall` instruction, to be restarted (SA_RESTART).
static inline int about_to_call(const struct signal_context *context, uint64_t number) {
  const unsigned char *code = (const unsigned char *)context->rip;
  return context->rax == number && code[0] == 0x0f && code[1] == 0x05;
}

static inline uint64_t call_argument(const struct signal_context *context, int index) {
  return index == 0 ? context->rdi : index == 1 ? context->rsi
                                 : index == 2   ? context->rdx
                                                : context->r10;
}

#endif
