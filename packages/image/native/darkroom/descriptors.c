#include "descriptors.h"

#include <linux/fcntl.h>

#include "exit_codes.h"
#include "report.h"
#include "system_calls.h"

int descriptors_restore(const struct header *header) {
  CALL1(__NR_close, INPUT);
  if (CALL3(__NR_close_range, 3, ~0u, 0) < 0)
    for (int descriptor = 3; descriptor < 1024; descriptor++) CALL1(__NR_close, descriptor);

  uint64_t limits[2];
  if (!CALL4(__NR_prlimit64, 0, 7 /* RLIMIT_NOFILE */, 0, limits)) {
    limits[0] = limits[1];
    CALL4(__NR_prlimit64, 0, 7, limits, 0);
  }
  // One eventfd under many numbers: nothing reads them, libuv only needs its writes to succeed. Non-blocking, because a
  // counter that is never reset could fill up.
  long eventfd = CALL2(__NR_eventfd2, 0, 04000 /* EFD_NONBLOCK */);
  if (eventfd < 0) fail(DEVELOPER_NO_DESCRIPTORS, "no eventfd available");
  int kept = 0;
  for (uint32_t i = 0; i < header->process.eventfd_count; i++) {
    int number = header->eventfds[i];
    if (number == SNAPSHOT || number == REPORTS) continue;  // not eventfds: Node opens descriptors 0 to 2 at start (PlatformInit in node.cc)
    if (number == eventfd) {
      kept = 1;
      continue;
    }
    if (number < 0 || CALL3(__NR_dup3, eventfd, number, 0) < 0)
      fail_at(DEVELOPER_NO_DESCRIPTORS, "the limit of open files is too low for descriptor", (uint64_t)number);
  }
  // V8 prints to standard output, for example with --trace-gc, and other restored code may too; that must not end up in
  // the snapshot. The eventfd rejects writes that are not an eight-byte number.
  long snapshot = CALL3(__NR_fcntl, SNAPSHOT, F_DUPFD, 3);
  if (snapshot < 0 || CALL3(__NR_dup3, eventfd, SNAPSHOT, 0) < 0)
    fail(DEVELOPER_NO_DESCRIPTORS, "the limit of open files is too low for the snapshot");
  if (!kept) CALL1(__NR_close, eventfd);
  return (int)snapshot;
}
