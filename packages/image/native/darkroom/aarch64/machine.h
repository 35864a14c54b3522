// The darkroom's other arm64 specifics: address space, thread pointer, instruction cache.
#ifndef AFTERIMAGE_MACHINE_H
#define AFTERIMAGE_MACHINE_H

#include <stdint.h>

#define USER_SPACE_END 0x1000000000000ull  // 48 bits, the most that a kernel uses unless asked for more

// Returns the end of this process's address space; `stack` is an address on the stack that the kernel assigned. The
// kernel chooses how many bits an address has (39, 42, 47, 48), and puts the stack at the upper end.
static inline uint64_t user_space_end(const void *stack) { return 1ull << (64 - __builtin_clzll((uint64_t)stack)); }

static inline long set_thread_pointer(uint64_t value) {
  __asm__ volatile("msr tpidr_el0, %0" ::"r"(value));
  return 0;
}

// Instruction fetches bypass the data cache, so written code must be flushed from it, and stale instructions
// invalidated. The range must be readable.
static inline void code_written(uint64_t start, uint64_t size) {
  uint64_t cache_type;
  __asm__ volatile("mrs %0, ctr_el0" : "=r"(cache_type));
  uint64_t data_line = 4ull << (cache_type >> 16 & 15), code_line = 4ull << (cache_type & 15);
  for (uint64_t at = start & -data_line; at < start + size; at += data_line) __asm__ volatile("dc cvau, %0" ::"r"(at) : "memory");
  __asm__ volatile("dsb ish" ::: "memory");
  for (uint64_t at = start & -code_line; at < start + size; at += code_line) __asm__ volatile("ic ivau, %0" ::"r"(at) : "memory");
  __asm__ volatile("dsb ish\n isb" ::: "memory");
}

#endif
