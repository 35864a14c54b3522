// The darkroom's other x86-64 specifics: address space, thread pointer, instruction cache.
#ifndef AFTERIMAGE_MACHINE_H
#define AFTERIMAGE_MACHINE_H

#include <stdint.h>

#include "system_calls.h"

#define USER_SPACE_END 0x7ffffffff000ull

// Returns the end of this process's address space; `stack` is an address on the stack that the kernel assigned.
static inline uint64_t user_space_end(const void *stack) {
  (void)stack;
  return USER_SPACE_END;
}

// Returns 0 or -errno.
static inline long set_thread_pointer(uint64_t value) { return CALL2(__NR_arch_prctl, 0x1002 /* ARCH_SET_FS */, value); }

// The processor does this by itself.
static inline void code_written(uint64_t start, uint64_t size) {
  (void)start;
  (void)size;
}

#endif
