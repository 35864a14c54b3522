// The part that we need of what the kernel saves of an interrupted arm64 program (struct ucontext and
// arch/arm64/include/uapi/asm/sigcontext.h).
#ifndef AFTERIMAGE_SIGNAL_CONTEXT_H
#define AFTERIMAGE_SIGNAL_CONTEXT_H

#include <stdint.h>

struct signal_context {
  uint64_t flags, link, stack[3], signals[16];
  uint64_t fault_address __attribute__((aligned(16)));
  uint64_t x[31], sp, pc;
};

// A wait that a signal interrupts is set back to its `svc` instruction, to be restarted (SA_RESTART).
static inline int about_to_call(const struct signal_context *context, uint64_t number) {
  return context->x[8] == number && *(const uint32_t *)context->pc == 0xd4000001;
}

static inline uint64_t call_argument(const struct signal_context *context, int index) { return context->x[index]; }

#endif
