// The kernel's code page from the target's process: it reads a data page that no other process has at that
// place, so its functions are turned into plain system calls.
#ifndef AFTERIMAGE_VDSO_H
#define AFTERIMAGE_VDSO_H

#include <stdint.h>

struct vdso_function {
  char name[24];
  uint32_t number;  // of the system call that does the same
};

void vdso_detach(uint64_t base, uint64_t size);

#endif
