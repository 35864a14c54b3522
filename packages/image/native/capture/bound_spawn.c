#define _GNU_SOURCE
#include "bound_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

// In the child, which shares the parent's memory until exec: system calls only. Returns an errno.
static int load(const struct bound_spawn *orders, pid_t parent, const sigset_t *mask) {
  prctl(PR_SET_PDEATHSIG, orders->death_signal);
  if (getppid() != parent) return ESRCH;
  for (int number = 1; number < NSIG; number++) {
    // The parent's handlers must not run here. That SIGPIPE is ignored would survive exec, too.
    const struct {
      void *handler;
      unsigned long flags;
      void *restorer;
      unsigned long mask;
    } standard = {0, 0, 0, 0};
    syscall(SYS_rt_sigaction, number, &standard, NULL, 8);
  }
  int from[BOUND_DESCRIPTORS];
  for (int to = 0; to < BOUND_DESCRIPTORS; to++) {
    from[to] = orders->descriptors[to];
    // Out of the way of those that are put in place first.
    if (from[to] < BOUND_DESCRIPTORS && (from[to] = fcntl(from[to], F_DUPFD_CLOEXEC, BOUND_DESCRIPTORS)) < 0) return errno;
  }
  for (int to = 0; to < BOUND_DESCRIPTORS; to++)
    if (dup2(from[to], to) < 0) return errno;
  // Node opens all of its own close-on-exec; what other native code opened may not be. A kernel before 5.9 leaves those.
  syscall(SYS_close_range, (unsigned)BOUND_DESCRIPTORS, ~0u, 0u);
  if (chdir(orders->directory)) return errno;
  sigprocmask(SIG_SETMASK, mask, NULL);
  execve(orders->file, orders->arguments, orders->environment);
  return errno;
}

pid_t bound_spawn(const struct bound_spawn *orders) {
  // Shared with the child: vfork() comes back here only when that has loaded the program, or has ended.
  volatile int failure = 0;
  const pid_t parent = getpid();
  sigset_t all, before, none;
  sigfillset(&all);
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pid_t child = vfork();
  if (child == 0) {
    failure = load(orders, parent, &none);
    _exit(127);
  }
  int error = child < 0 ? errno : 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (child < 0) return -error;
  if (!failure) return child;
  while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {}
  return -failure;
}
