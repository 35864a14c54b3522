#include "input.h"

#include "exit_codes.h"
#include "report.h"
#include "system_calls.h"
#include "xxh64.h"

static struct xxh64 digest;

void input_begin(void) { xxh64_begin(&digest); }

uint64_t input_position(void) { return digest.length; }

uint64_t input_digest(void) { return xxh64_end(&digest); }

void input_read(void *into, size_t size) {
  char *at = into;
  while (size) {
    // In pieces that stay in the cache between reading and hashing.
    long got = CALL3(__NR_read, INPUT, at, size < 1u << 18 ? size : 1u << 18);
    if (got == -EINTR) continue;
    if (got == 0) {
      report_text("afterimage error the image ends at byte ");
      report_number(digest.length);
      report_text("\n");
      end_program(DEVELOPER_TRUNCATED);
    }
    if (got == -EFAULT || got == -ENOMEM) fail_at(DEVELOPER_NO_MEMORY, "no memory for the image's contents at", (uint64_t)at);
    if (got < 0) fail(DEVELOPER_INPUT_FAILED, "the image cannot be read");
    xxh64_add(&digest, at, (size_t)got);
    at += got;
    size -= (size_t)got;
  }
}

void input_skip(uint64_t size) {
  static char ignored[4096];
  for (; size; size -= size < sizeof ignored ? size : sizeof ignored)
    input_read(ignored, size < sizeof ignored ? size : sizeof ignored);
}
