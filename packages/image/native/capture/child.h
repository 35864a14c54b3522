// The forked child: a frozen copy of the target that writes its own memory and ends.
#ifndef AFTERIMAGE_CHILD_H
#define AFTERIMAGE_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "file_range.h"
#include "image_facts.h"

#ifdef __cplusplus
extern "C" {
#endif

struct child_orders {
  int output;
  pid_t target;
  uint32_t protection_keys;
  const char *metadata;
  size_t metadata_size;
  bool omit_program;  // as in struct image_contents, and so is what follows
  const struct file_range *kept;
  size_t kept_count;
  const struct image_heap *heap;
  const struct image_mapping *mappings;
  size_t mapping_count;
  const char *symbols;
  size_t symbols_size;
  // Runs in the restored process, with enum resume_flags; never in the child.
  void (*resume)(long flags, void *context);
  void *context;
};

// Never returns: the child ends with enum child_exit; the process restored from the image ends in `resume`.
__attribute__((noreturn)) void child_run(const struct child_orders *orders);

#ifdef __cplusplus
}
#endif

#endif
