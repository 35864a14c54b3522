// Writes the memory of the calling process as an image (image_format.h) into a pipe or socket.
#ifndef AFTERIMAGE_IMAGE_WRITER_H
#define AFTERIMAGE_IMAGE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "file_range.h"
#include "image_format.h"

struct image_contents {
  const uint64_t *registers;  // saved before any call below
  const int32_t *eventfds;
  uint32_t eventfd_count;
  uint32_t protection_keys;
  const char *metadata;  // JSON
  size_t metadata_size;
  bool omit_program;  // leave out clean pages of the program's file (SEGMENT_IN_PROGRAM)
  const struct file_range *kept;  // but these, in ascending order
  size_t kept_count;
  // The contents of notes; the end of the stack is not known yet. They are read before the first pass.
  const struct image_heap *heap;
  const struct image_mapping *mappings;
  size_t mapping_count;
  const char *symbols;
  size_t symbols_size;
};

// Only for a forked child in which nothing else runs: after its first mapping it allocates nothing, so that the image
// is consistent. Moves the process's memory together, sets the lowest priority, then frees memory as it is written.
// Returns enum child_exit.
int image_write(int output, const struct image_contents *contents);

#endif
