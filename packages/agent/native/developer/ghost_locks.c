#include "ghost_locks.h"

#include <asm/unistd.h>
#include <stdint.h>

#include "exit_codes.h"
#include "report.h"
#include "system_calls.h"

// struct ucontext of the x86-64 kernel ABI, as far as needed (arch/x86/include/uapi/asm/sigcontext.h).
struct signal_context {
  uint64_t flags, link, stack[3];
  uint64_t r8, r9, r10, r11, r12, r13, r14, r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip;
};

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
  // A wait that a signal interrupts is set back to its `syscall` instruction, to be restarted (SA_RESTART).
  const unsigned char *code = (const unsigned char *)context->rip;
  if (context->rax != __NR_futex || code[0] != 0x0f || code[1] != 0x05) return;
  int operation = (int)context->rsi & FUTEX_COMMAND_MASK;
  if (operation != FUTEX_WAIT && operation != FUTEX_WAIT_BITSET) return;
  if (context->r10) return;  // has a time limit: ends by itself
  struct mutex *mutex = (struct mutex *)context->rdi;
  uint64_t lock = context->rdi;
  int is_mutex = (uint32_t)context->rdx == LOCKED_WITH_WAITERS && mutex->lock == LOCKED_WITH_WAITERS && mutex->owner > 0;
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

__asm__(".hidden signal_return\n.globl signal_return\nsignal_return: mov $15, %eax\n syscall\n");
extern void signal_return(void) __attribute__((visibility("hidden")));

void ghost_locks_watch(void) {
  const struct kernel_sigaction action = {on_tick, SA_SIGINFO | SA_RESTART | SA_RESTORER, signal_return, 0};
  CALL4(__NR_rt_sigaction, SIGALRM, &action, 0, 8);
  const int64_t every[4] = {0, 250000, 0, 250000};
  CALL3(__NR_setitimer, 0 /* ITIMER_REAL */, every, 0);
}
