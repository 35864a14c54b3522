// The darkroom: rebuilds an image in this process, and lets V8 write the heap snapshot there. Reads the image from
// descriptor 0, writes the snapshot to descriptor 1 and reports to descriptor 2; an image without its program's clean
// pages needs that file as descriptor 3. Freestanding and position-independent, without relocations: see arena.h.

#include <linux/prctl.h>

#include "arena.h"
#include "control.h"
#include "descriptors.h"
#include "exit_codes.h"
#include "ghost_locks.h"
#include "header.h"
#include "input.h"
#include "machine.h"
#include "memory.h"
#include "report.h"
#include "sandbox.h"
#include "system_calls.h"

static long resume_flags = RESUME_DEVELOP;

// The compiler may call these even in a freestanding program.
void *memcpy(void *into, const void *from, size_t size) {
  char *to = into;
  const char *at = from;
  while (size--) *to++ = *at++;
  return into;
}

void *memset(void *into, int value, size_t size) {
  char *to = into;
  while (size--) *to++ = (char)value;
  return into;
}

static int same(const char *text, const char *other) {
  while (*text && *text == *other) text++, other++;
  return *text == *other;
}

// The application's code may have been given pages under protection keys (V8's for JIT code), so the key numbers must
// be allocated and accessible. The pages themselves have no key here.
static void take_protection_keys(uint32_t keys) {
  for (int key = 1; keys >> key; key++) {
    long got = CALL2(__NR_pkey_alloc, 0, 0);
    if (got != key) fail_at(DEVELOPER_MISSING_CPU_FEATURES, "this CPU or kernel lacks memory protection keys, which the target uses; key", (uint64_t)key);
  }
}

static void restore(struct header *header) {
  memory_map(header);
  // From here on, another attempt in another process would fail the same way.
  report_text("afterimage mapped\n");
  memory_fill(header);
  memory_protect(header);
  take_protection_keys(header->process.protection_keys);
  resume_flags |= (long)descriptors_restore(header) << RESUME_SNAPSHOT_SHIFT;
  if (set_thread_pointer(header->registers[SAVED_THREAD_POINTER])) fail(DEVELOPER_CORRUPT, "the image is corrupt: its thread pointer is impossible");
  ghost_locks_watch();
  report_text("afterimage restored\n");
  sandbox_enter();
  control_jump(header->registers, resume_flags);
}

static uint64_t auxv_value(const uint64_t *auxv, uint64_t type) {
  while (auxv[0] != type && auxv[0] != AT_NULL) auxv += 2;
  return auxv[1];
}

// Called by control.S.
__attribute__((noreturn, visibility("hidden"))) void start(const long *stack);

void start(const long *stack) {
  long count = stack[0];
  int program = -1;
  const char *const *arguments = (const char *const *)(stack + 1);
  for (long i = 1; i < count; i++) {
    if (same(arguments[i], "--expose-numeric-values")) resume_flags |= RESUME_EXPOSE_NUMERIC_VALUES;
    else if (same(arguments[i], "--keep-heap")) resume_flags |= RESUME_KEEP_HEAP;
    else if (same(arguments[i], "--program")) program = PROGRAM;
    else fail(DEVELOPER_USAGE, "usage: darkroom [--expose-numeric-values] [--keep-heap] [--program 3<program] <image >snapshot 2>reports");
  }
  CALL5(__NR_prctl, PR_SET_PDEATHSIG, 9, 0, 0, 0);
  const char *const *environment = arguments + count + 1;
  while (*environment) environment++;
  struct header header = {.auxv = (const uint64_t *)(environment + 1), .space_end = user_space_end(stack), .program = program};
  header.kernel_page = auxv_value(header.auxv, AT_PAGESZ);
  input_begin();
  header_read(&header);
  header_check_pages(&header);
  header_check_cpu(&header);
  arena_move(&header, restore);
}
