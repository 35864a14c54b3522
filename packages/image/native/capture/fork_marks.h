// V8 marks every page of its heap MADV_DONTFORK (V8_ENABLE_PRIVATE_MAPPING_FORK_OPTIMIZATION in V8's platform-linux /
// platform-posix sources), so that an application's own spawn() need not copy the heap's page tables. The image child
// needs these pages, so Afterimage removes the marks for its fork and restores them afterwards.
#ifndef AFTERIMAGE_FORK_MARKS_H
#define AFTERIMAGE_FORK_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image_facts.h"

#ifdef __cplusplus
extern "C" {
#endif

struct address_range {
  uint64_t start, end;
};

struct fork_marks {
  struct address_range *marked;  // mappings that had the mark (VmFlags "dc"), ascending
  size_t marked_count, marked_capacity;
  struct image_mapping *mapped;  // all mappings, ascending
  size_t mapped_count, mapped_capacity;
  uint32_t protection_keys;  // bit k: some mapping uses protection key k
  size_t mappings;           // number of private anonymous mappings that the last lift passed to the child
};

// Reads the marks, and what each mapping consists of, from /proc/self/smaps. Too slow for the main thread (25 ms at
// 750 MB of RSS: the kernel walks every page table). Returns false if smaps cannot be read; then no mark is restored.
bool fork_marks_read(struct fork_marks *marks);

// Removes the marks from every private anonymous mapping, including those made since the marks were read. Returns 0 or
// -errno.
int fork_marks_lift(struct fork_marks *marks);

// Restores the marks on the mappings that had them and have not been replaced.
void fork_marks_restore(const struct fork_marks *marks);

void fork_marks_free(struct fork_marks *marks);

#ifdef __cplusplus
}
#endif

#endif
