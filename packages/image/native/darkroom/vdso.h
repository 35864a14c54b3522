// The kernel's code page (vdso) from the target's process. It reads a data page that no other process has at that
// address, so its functions are replaced by plain system calls.
#ifndef AFTERIMAGE_VDSO_H
#define AFTERIMAGE_VDSO_H

#include <stdint.h>

struct vdso_function {
  char name[24];
  uint32_t number;  // number of the equivalent system call
};

void vdso_detach(uint64_t base, uint64_t size);

#endif
