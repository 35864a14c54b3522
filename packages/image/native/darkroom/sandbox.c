#include "sandbox.h"

#include <asm/unistd.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <stddef.h>

#include "allowed_calls.h"
#include "exit_codes.h"
#include "report.h"
#include "system_calls.h"

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif
#ifndef SECCOMP_RET_KILL_PROCESS
#define SECCOMP_RET_KILL_PROCESS 0x80000000U
#endif

// clang-format off
static const unsigned short allowed[] = {
    __NR_write, __NR_writev, __NR_mmap, __NR_munmap, __NR_mprotect, __NR_mremap, __NR_madvise, __NR_futex,
    __NR_clock_gettime, __NR_clock_getres, __NR_gettimeofday, __NR_getcpu, __NR_sched_yield,
    __NR_sched_getaffinity, __NR_getpid, __NR_gettid, __NR_getrandom, __NR_nanosleep, __NR_clock_nanosleep,
    __NR_rt_sigprocmask, __NR_rt_sigreturn, __NR_sigaltstack, __NR_restart_syscall, __NR_exit, __NR_exit_group,
    __NR_pkey_mprotect, __NR_pkey_alloc, __NR_pkey_free, __NR_sysinfo, __NR_getrusage, __NR_membarrier,
    MACHINE_CALLS
};
// clang-format on

enum { COUNT = sizeof allowed / sizeof *allowed };

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define IF_EQUAL(value, then, otherwise) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, then, otherwise)
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, value)

static void limit(int resource, uint64_t most) {
  uint64_t limits[2] = {most, most};
  CALL4(__NR_prlimit64, 0, resource, limits, 0);
}

static void put(struct sock_filter *filter, unsigned *length, struct sock_filter instruction) { filter[(*length)++] = instruction; }

void sandbox_enter(void) {
  limit(4 /* RLIMIT_CORE */, 0);
  limit(6 /* RLIMIT_NPROC */, 0);

  CALL5(__NR_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);

  struct sock_filter filter[2 * COUNT + 32];
  unsigned length = 0;
  put(filter, &length, (struct sock_filter)LOAD(arch));
  put(filter, &length, (struct sock_filter)IF_EQUAL(SANDBOX_ARCHITECTURE, 1, 0));
  put(filter, &length, (struct sock_filter)RETURN(SECCOMP_RET_KILL_PROCESS));
  put(filter, &length, (struct sock_filter)LOAD(nr));
  for (unsigned i = 0; i < COUNT; i++) {
    put(filter, &length, (struct sock_filter)IF_EQUAL(allowed[i], 0, 1));
    put(filter, &length, (struct sock_filter)RETURN(SECCOMP_RET_ALLOW));
  }
  // The program break belongs to another process. 0 tells a C library that the break cannot move, so its allocator uses
  // mmap instead; an error number would look like a very high break.
  put(filter, &length, (struct sock_filter)IF_EQUAL(__NR_brk, 0, 1));
  put(filter, &length, (struct sock_filter)RETURN(SECCOMP_RET_ERRNO | 0));
  // glibc's allocator reads /proc before it returns memory (check_may_shrink_heap in malloc/arena.c), and works
  // without. An error is as safe as killing the process: it never gets a descriptor.
  put(filter, &length, (struct sock_filter)IF_EQUAL(__NR_openat, 0, 1));
  put(filter, &length, (struct sock_filter)RETURN(SECCOMP_RET_ERRNO | EACCES));
  // Allocators name mappings only as a courtesy.
  put(filter, &length, (struct sock_filter)IF_EQUAL(__NR_prctl, 0, 3));
  put(filter, &length, (struct sock_filter)LOAD(args[0]));
  put(filter, &length, (struct sock_filter)IF_EQUAL(PR_SET_VMA, 0, 1));
  put(filter, &length, (struct sock_filter)RETURN(SECCOMP_RET_ERRNO | EINVAL));
  put(filter, &length, (struct sock_filter)LOAD(nr));
  // abort() sends a signal to its own process: allow it, so that the exit status shows the abort.
  put(filter, &length, (struct sock_filter)IF_EQUAL(__NR_tgkill, 0, 3));
  put(filter, &length, (struct sock_filter)LOAD(args[0]));
  put(filter, &length, (struct sock_filter)IF_EQUAL((unsigned)CALL0(__NR_getpid), 0, 1));
  put(filter, &length, (struct sock_filter)RETURN(SECCOMP_RET_ALLOW));
  put(filter, &length, (struct sock_filter)RETURN(SECCOMP_RET_KILL_PROCESS));

  struct sock_fprog program = {(unsigned short)length, filter};
  if (CALL5(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || CALL3(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program))
    fail(DEVELOPER_NO_SANDBOX, "this kernel offers no seccomp filter, and an image never runs without one");
}
