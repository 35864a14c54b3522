// Starts a program that does not outlive the process that asked for it, in few descriptors and without copying page
// tables. libuv's spawn takes ten descriptors, and has no place for a parent-death signal before exec.
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
  int death_signal;  // sent when the calling thread ends, also while the program is still being loaded
};

// Returns the process ID or -errno; then nothing is left. The caller reaps it.
pid_t bound_spawn(const struct bound_spawn *orders);

#ifdef __cplusplus
}
#endif

#endif
