#include "ghost_locks.h"

#include <asm/unistd.h>
#include <linux/errno.h>
#include <stddef.h>
#include <stdint.h>

#include "control.h"
#include "exit_codes.h"
#include "report.h"
#include "signal_context.h"
#include "system_calls.h"

struct kernel_sigaction {
  void (*handler)(int, void *, struct signal_context *);
  uint64_t flags;
  void (*restorer)(void);
  uint64_t mask;
};

// glibc's pthread_mutex_t (struct __pthread_mutex_s in bits/struct_mutex.h).
struct glibc_mutex {
  uint32_t lock;
  uint32_t count;
  int32_t owner;
  uint32_t users;
};

// musl's (src/internal/pthread_impl.h).
struct musl_mutex {
  uint32_t type;
  uint32_t lock;
  int32_t waiters;
  uint32_t unused[2];
  uint32_t count;
};

#define SIGALRM 14
#define SA_SIGINFO 0x4
#define SA_RESTART 0x10000000
#define SA_RESTORER 0x04000000
#define FUTEX_COMMAND_MASK 0x7f
#define FUTEX_WAIT 0
#define FUTEX_WAIT_BITSET 9
#define LOCKED_WITH_WAITERS 2  // glibc's lowlevellock.h
#define WAITERS 0x80000000u    // musl's pthread_mutex_timedlock.c
#define TYPE 15u               // musl's other bits say which processes share it, and how it is passed on

static uint64_t last_lock;
static unsigned clearings;

// Each function releases the mutex that a futex belongs to, and returns whether there was one; `waited_for` is the
// value that the waiter saw.

static int clear_glibc_mutex(uint64_t futex, uint32_t waited_for) {
  struct glibc_mutex *mutex = (struct glibc_mutex *)futex;
  if (waited_for != LOCKED_WITH_WAITERS || mutex->lock != waited_for || mutex->owner <= 0) return 0;
  // Count and owner too: glibc asserts that the thread that unlocks a mutex owns it.
  mutex->count = 0;
  mutex->owner = 0;
  mutex->users = 0;
  mutex->lock = 0;
  return 1;
}

static int clear_musl_mutex(uint64_t futex, uint32_t waited_for) {
  // A locked simple mutex holds EBUSY, other kinds the owner's thread ID. Without either it is a semaphore.
  uint32_t locked = waited_for & ~WAITERS;
  if (!(waited_for & WAITERS) || !locked) return 0;
  struct musl_mutex *mutex = (struct musl_mutex *)(futex - offsetof(struct musl_mutex, lock));
  if (mutex->lock != waited_for || mutex->waiters <= 0 || (mutex->type & TYPE) > 2 || ((mutex->type & TYPE) == 0 && locked != EBUSY)) return 0;
  mutex->count = 0;
  mutex->lock = 0;
  return 1;
}

static __attribute__((used)) void on_tick(int number, void *info, struct signal_context *context) {
  (void)number;
  (void)info;
  if (!about_to_call(context, __NR_futex)) return;
  int operation = (int)call_argument(context, 1) & FUTEX_COMMAND_MASK;
  if (operation != FUTEX_WAIT && operation != FUTEX_WAIT_BITSET) return;
  if (call_argument(context, 3)) return;  // has a time limit and ends by itself
  uint64_t lock = call_argument(context, 0);
  uint32_t waited_for = (uint32_t)call_argument(context, 2);
  int too_often = clearings > 1000 || (lock == last_lock && clearings > 100);
  if (too_often || !(clear_glibc_mutex(lock, waited_for) || clear_musl_mutex(lock, waited_for)))
    fail_at(DEVELOPER_STUCK, "waits for a thread that was not captured, at", lock);
  last_lock = lock;
  clearings++;
  report_text("afterimage ghost-lock ");
  report_address(lock);
  report_text("\n");
}

void ghost_locks_watch(void) {
  // Assigned one by one: an initializer with addresses in it would need relocations.
  struct kernel_sigaction action;
  action.handler = on_tick;
  action.flags = SA_SIGINFO | SA_RESTART | SA_RESTORER;
  action.restorer = control_signal_return;
  action.mask = 0;
  CALL4(__NR_rt_sigaction, SIGALRM, &action, 0, 8);
  const int64_t every[4] = {0, 250000, 0, 250000};
  CALL3(__NR_setitimer, 0 /* ITIMER_REAL */, every, 0);
}
