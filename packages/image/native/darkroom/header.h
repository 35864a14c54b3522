// The image's header: read and checked before a single address is touched. Beside it, what this process is
// to be rebuilt from.
#ifndef AFTERIMAGE_HEADER_H
#define AFTERIMAGE_HEADER_H

#include "image_format.h"

struct header {
  Elf64_Phdr *segments;  // PT_LOAD only, ascending, not overlapping, page-aligned
  uint64_t segment_count;
  uint64_t contents;  // offset in the file where those of the segments begin
  struct image_process process;
  int32_t *eventfds;
  uint64_t registers[SAVED_COUNT];
  const uint64_t *auxv;  // what the kernel said to this process; for header_check_*
  uint64_t kernel_page;  // bytes
  uint64_t space_end;    // of this process's address space
  // The memory that holds segments and eventfds.
  void *memory;
  uint64_t memory_size;
};

// Ends the program with what is wrong, if something is.
void header_read(struct header *header);

// Ends the program where this kernel's pages are larger than the image's.
void header_check_pages(const struct header *header);

// Ends the program with the names of what this CPU lacks.
void header_check_cpu(const struct header *header);

#endif
