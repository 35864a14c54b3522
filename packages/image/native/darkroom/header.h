// Reads and checks the image's header before using any address from it, and collects what this process is rebuilt from.
#ifndef AFTERIMAGE_HEADER_H
#define AFTERIMAGE_HEADER_H

#include "image_format.h"

struct header {
  Elf64_Phdr *segments;  // PT_LOAD only, ascending, not overlapping, page-aligned
  uint64_t segment_count;
  uint64_t contents;  // offset in the file at which the segments' contents begin
  struct image_process process;
  int32_t *eventfds;
  uint64_t registers[SAVED_COUNT];
  const uint64_t *auxv;  // the auxiliary vector of this process, for header_check_*
  uint64_t kernel_page;  // page size of this kernel, in bytes
  uint64_t space_end;    // end of this process's address space
  int program;           // descriptor of the target's program file, or -1
  // The memory that contains segments and eventfds.
  void *memory;
  uint64_t memory_size;
};

// Ends the program with a report if the header is invalid.
void header_read(struct header *header);

// Ends the program if this kernel's pages are larger than the image's.
void header_check_pages(const struct header *header);

// Ends the program with the names of the features that this CPU lacks.
void header_check_cpu(const struct header *header);

#endif
