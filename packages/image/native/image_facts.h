// What an image says of the process besides its memory, for those who read it: the contents of its notes of these
// kinds (image_format.h).
#ifndef AFTERIMAGE_IMAGE_FACTS_H
#define AFTERIMAGE_IMAGE_FACTS_H

#include <stdint.h>

#define MAX_IMAGE_SPACES 16

// A space of V8's heap (v8::HeapSpaceStatistics), in bytes.
struct image_space {
  char name[32];
  uint64_t size, used, available, physical;
};

// The isolate that captured, and where its thread's stack was.
struct image_heap {
  uint64_t isolate;
  uint64_t roots;  // of its table of roots
  uint64_t stack_start, stack_end;  // from the stack pointer to the end of its mapping
  uint32_t space_count, reserved;
  struct image_space spaces[MAX_IMAGE_SPACES];
};

// A mapping as /proc/self/smaps had it before the fork. Sizes in kB.
struct image_mapping {
  uint64_t start, end;
  uint32_t rss, pss, private_dirty, anonymous, swap, reserved;
};

#endif
