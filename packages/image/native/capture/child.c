#define _GNU_SOURCE
#include "child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "descriptors.h"
#include "exit_codes.h"
#include "image_writer.h"
#include "own_files.h"
#include "registers.h"

#define EVENTFD_CAPACITY 1024

// The target's handlers must not run here, and a SIGTERM sent to the whole group must end the child.
static void reset_signals(void) {
  const struct {
    void *handler;
    unsigned long flags;
    void *restorer;
    unsigned long mask;
  } standard = {0, 0, 0, 0}, ignored = {(void *)1, 0, 0, 0};
  for (int number = 1; number <= 64; number++)
    syscall(SYS_rt_sigaction, number, number == SIGPIPE ? &ignored : &standard, NULL, 8);
  unsigned long none = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, 8);
}

// Yields disk and memory to the target; the processor follows as soon as the child's memory is gathered
// (image_writer.c). If the kernel denies one of these, the capture continues.
static void yield_to_target(void) {
  syscall(SYS_ioprio_set, 1 /* IOPRIO_WHO_PROCESS */, 0, 3 << 13 /* IOPRIO_CLASS_IDLE */);
  int file = own_file_open("/proc/self/oom_score_adj", O_WRONLY);
  if (file >= 0) {
    ssize_t ignored = write(file, "1000", 4);
    (void)ignored;
    close(file);
  }
}

void child_run(const struct child_orders *orders) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != orders->target) _exit(CHILD_ORPHANED);
  prctl(PR_SET_NAME, "afterimage");
  reset_signals();

  int32_t eventfds[EVENTFD_CAPACITY];
  long eventfd_count = descriptors_detach(orders->output, eventfds, EVENTFD_CAPACITY);
  if (eventfd_count < 0) _exit(CHILD_DESCRIPTORS);
  yield_to_target();

  uint64_t registers[SAVED_COUNT] = {0};
  long flags = registers_save(registers);
  if (flags) {
    orders->resume(flags, orders->context);
    _exit(CHILD_ORPHANED);
  }
  const struct image_contents contents = {
      .registers = registers,
      .eventfds = eventfds,
      .eventfd_count = (uint32_t)eventfd_count,
      .protection_keys = orders->protection_keys,
      .metadata = orders->metadata,
      .metadata_size = orders->metadata_size,
      .omit_program = orders->omit_program,
      .kept = orders->kept,
      .kept_count = orders->kept_count,
      .heap = orders->heap,
      .mappings = orders->mappings,
      .mapping_count = orders->mapping_count,
      .symbols = orders->symbols,
      .symbols_size = orders->symbols_size,
  };
  _exit(image_write(orders->output, &contents));
}
