// Writes the calling process's memory as an image (image_format.h) into a pipe or socket.
#ifndef AFTERIMAGE_IMAGE_WRITER_H
#define AFTERIMAGE_IMAGE_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "image_format.h"

struct image_contents {
  const uint64_t *registers;  // saved before anything below was called
  const int32_t *eventfds;
  uint32_t eventfd_count;
  uint32_t protection_keys;
  const char *metadata;  // JSON
  size_t metadata_size;
};

// Only for a forked child that nothing else runs in: from its first mapping on it allocates nothing, so that
// the image does not contradict itself. Moves the process's memory together and gives it back as it is written; takes the
// lowest priority between the two. Returns enum child_exit.
int image_write(int output, const struct image_contents *contents);

#endif
