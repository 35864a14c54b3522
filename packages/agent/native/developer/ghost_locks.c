#include "ghost_locks.h"

#include <asm/unistd.h>
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
struct mutex {
  int32_t lock;
  uint32_t count;
  int32_t owner;
  uint32_t users;
};

#define SIGALRM 14
#define SA_SIGINFO 0x4
#define SA_RESTART 0x10000000
#define SA_RESTORER 0x04000000
#define FUTEX_COMMAND_MASK 0x7f
#define FUTEX_WAIT 0
#define FUTEX_WAIT_BITSET 9
#define LOCKED_WITH_WAITERS 2  // glibc's lowlevellock.h

static uint64_t last_lock;
static unsigned clearings;

static __attribute__((used)) void on_tick(int number, void *info, struct signal_context *context) {
  (void)number;
  (void)info;
  if (!about_to_call(context, __NR_futex)) return;
  int operation = (int)call_argument(context, 1) & FUTEX_COMMAND_MASK;
  if (operation != FUTEX_WAIT && operation != FUTEX_WAIT_BITSET) return;
  if (call_argument(context, 3)) return;  // has a time limit: ends by itself
  uint64_t lock = call_argument(context, 0);
  struct mutex *mutex = (struct mutex *)lock;
  int is_mutex = (uint32_t)call_argument(context, 2) == LOCKED_WITH_WAITERS && mutex->lock == LOCKED_WITH_WAITERS && mutex->owner > 0;
  if (!is_mutex || clearings > 1000 || (lock == last_lock && clearings > 100))
    fail_at(DEVELOPER_STUCK, "waits for a thread that was not captured, at", lock);
  // Count and owner too: glibc asserts that whoever unlocks a mutex owns it.
  mutex->count = 0;
  mutex->owner = 0;
  mutex->users = 0;
  mutex->lock = 0;
  last_lock = lock;
  clearings++;
  report_text("afterimage ghost-lock ");
  report_address(lock);
  report_text("\n");
}

void ghost_locks_watch(void) {
  // Not initialised at once: a constant with addresses in it would have to be relocated.
  struct kernel_sigaction action;
  action.handler = on_tick;
  action.flags = SA_SIGINFO | SA_RESTART | SA_RESTORER;
  action.restorer = control_signal_return;
  action.mask = 0;
  CALL4(__NR_rt_sigaction, SIGALRM, &action, 0, 8);
  const int64_t every[4] = {0, 250000, 0, 250000};
  CALL3(__NR_setitimer, 0 /* ITIMER_REAL */, every, 0);
}
