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

// Runs in the child, which shares the parent's memory until exec: system calls only. Returns an errno.
static int load(const struct bound_spawn *orders, pid_t parent, const sigset_t *mask) {
  prctl(PR_SET_PDEATHSIG, orders->death_signal);
  if (getppid() != parent) return ESRCH;
  for (int number = 1; number < NSIG; number++) {
    // The parent's handlers must not run here, and an ignored SIGPIPE would stay ignored after exec.
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
    // Move descriptors away from the numbers that are assigned below.
    if (from[to] < BOUND_DESCRIPTORS && (from[to] = fcntl(from[to], F_DUPFD_CLOEXEC, BOUND_DESCRIPTORS)) < 0) return errno;
  }
  for (int to = 0; to < BOUND_DESCRIPTORS; to++)
    if (dup2(from[to], to) < 0) return errno;
  // Node opens its own descriptors close-on-exec, but other native code may not. A kernel before 5.9 leaves those open.
  syscall(SYS_close_range, (unsigned)BOUND_DESCRIPTORS, ~0u, 0u);
  if (chdir(orders->directory)) return errno;
  sigprocmask(SIG_SETMASK, mask, NULL);
  execve(orders->file, orders->arguments, orders->environment);
  return errno;
}

pid_t bound_spawn(const struct bound_spawn *orders) {
  // Shared with the child: vfork() returns here only after the child has loaded the program or ended.
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
