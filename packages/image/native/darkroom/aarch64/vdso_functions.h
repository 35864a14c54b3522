// The functions of arm64's vdso (arch/arm64/kernel/vdso/vdso.lds.S), and the system call that replaces each. Not
// __kernel_rt_sigreturn: that already is a plain system call.
#ifndef AFTERIMAGE_VDSO_FUNCTIONS_H
#define AFTERIMAGE_VDSO_FUNCTIONS_H

#include <asm/unistd.h>

#include "vdso.h"

#define VDSO_PREFIX "__kernel_"

// clang-format off
static const struct vdso_function vdso_functions[] = {
    {"clock_gettime", __NR_clock_gettime}, {"gettimeofday", __NR_gettimeofday},
    {"clock_getres", __NR_clock_getres},   {"getrandom", __NR_getrandom},
};
// clang-format on

#define VDSO_PATCH_SIZE 16

static void patch(unsigned char *code, uint32_t number) {
  const uint32_t instructions[] = {
      0xd503245f,                // bti c, which CPUs without it ignore
      0xd2800008 | number << 5,  // mov x8, #number
      0xd4000001,                // svc #0
      0xd65f03c0,                // ret
  };
  for (int i = 0; i < VDSO_PATCH_SIZE; i++) code[i] = (unsigned char)(instructions[i / 4] >> (8 * (i % 4)));
}

#endif
