// Reads /proc/self/maps line by line without allocating: the child must not touch its own heap.
#ifndef AFTERIMAGE_PROC_MAPS_H
#define AFTERIMAGE_PROC_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mapping {
  uint64_t start, end, file_offset, inode;
  bool readable, writable, executable, shared;
  char name[256];  // path or [heap], [stack], [vdso] …; truncated if longer
};

// Calls `visit` for each mapping in ascending order until it returns false. Returns 0, or -errno if the file cannot be
// opened or read.
int proc_maps_visit(bool (*visit)(const struct mapping *mapping, void *context), void *context);

#ifdef __cplusplus
}
#endif

#endif
