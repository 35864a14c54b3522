// The functions of x86-64's vdso (arch/x86/entry/vdso/vdso.lds.S), and the system call that replaces each.
#ifndef AFTERIMAGE_VDSO_FUNCTIONS_H
#define AFTERIMAGE_VDSO_FUNCTIONS_H

#include <asm/unistd.h>

#include "vdso.h"

// Each has a weak alias without this prefix.
#define VDSO_PREFIX "__vdso_"

// clang-format off
static const struct vdso_function vdso_functions[] = {
    {"clock_gettime", __NR_clock_gettime}, {"gettimeofday", __NR_gettimeofday}, {"time", __NR_time},
    {"getcpu", __NR_getcpu},               {"clock_getres", __NR_clock_getres}, {"getrandom", __NR_getrandom},
};
// clang-format on

#define VDSO_PATCH_SIZE 8

static void patch(unsigned char *code, uint32_t number) {
  code[0] = 0xb8;  // mov $number, %eax
  for (int i = 0; i < 4; i++) code[1 + i] = (unsigned char)(number >> (8 * i));
  code[5] = 0x0f;  // syscall
  code[6] = 0x05;
  code[7] = 0xc3;  // ret
}

#endif
