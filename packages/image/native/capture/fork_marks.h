// V8 marks every page of its heap MADV_DONTFORK (V8_ENABLE_PRIVATE_MAPPING_FORK_OPTIMIZATION in V8's
// platform-linux / platform-posix sources), so that an application's own spawn() need not copy the heap's
// page tables. A child forked to write the image needs them: the marks are taken off for the fork and put
// back after it.
#ifndef AFTERIMAGE_FORK_MARKS_H
#define AFTERIMAGE_FORK_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct address_range {
  uint64_t start, end;
};

struct fork_marks {
  struct address_range *marked;  // ascending: mappings that carried the mark (VmFlags "dc")
  size_t marked_count, marked_capacity;
  uint32_t protection_keys;  // bit k: some mapping uses protection key k
  size_t mappings;           // private anonymous mappings handed to the child by the last lift
};

// Reads the marks from /proc/self/smaps. Slow (25 ms at 750 MB of RSS: the kernel walks every page table),
// so not for the main thread. False when smaps cannot be read; then no mark will be restored.
bool fork_marks_read(struct fork_marks *marks);

// Takes the marks off every private anonymous mapping, those made since the reading included.
// Returns 0 or -errno.
int fork_marks_lift(struct fork_marks *marks);

// Puts the marks back on the mappings that had them and still are what they were.
void fork_marks_restore(const struct fork_marks *marks);

void fork_marks_free(struct fork_marks *marks);

#ifdef __cplusplus
}
#endif

#endif
