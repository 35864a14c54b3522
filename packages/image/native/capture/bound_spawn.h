// Starts a program that ends with the process that started it; needs few descriptors and copies no page tables. libuv's
// spawn takes ten descriptors and cannot set a parent-death signal before exec.
#ifndef AFTERIMAGE_BOUND_SPAWN_H
#define AFTERIMAGE_BOUND_SPAWN_H

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BOUND_DESCRIPTORS 4

struct bound_spawn {
  const char *file;
  char *const *arguments, *const *environment;
  int descriptors[BOUND_DESCRIPTORS];  // become 0, 1, 2 and 3; all others are closed
  const char *directory;
  int death_signal;  // sent when the calling thread ends, even while the program is still being loaded
};

// Returns the process ID, which the caller must reap, or -errno; on failure nothing is left behind.
pid_t bound_spawn(const struct bound_spawn *orders);

#ifdef __cplusplus
}
#endif

#endif
