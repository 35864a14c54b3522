#include "parking.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <v8-platform.h>

#include <atomic>
#include <memory>

namespace parking {

enum Phase : int32_t {
  kGathering,
  kHeld,
  kReleased,
};

struct Lot {
  // Futex words instead of pthread condition variables: glibc has two incompatible versions under one name, and an
  // addon that must also load under musl cannot request the newer one by version.
  std::atomic<int32_t> phase{kGathering};
  std::atomic<int32_t> arrived{0};
  std::atomic<int32_t> references{1};
  int32_t expected;
  int64_t bound_ns;
  void (*gathered)(void*);
  void* context;
};

int64_t now_ns() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * int64_t{1000000000} + now.tv_nsec;
}

static void futex_wait(std::atomic<int32_t>* word, int32_t value, int64_t timeout_ns) {
  timespec timeout = {timeout_ns / 1000000000, timeout_ns % 1000000000};
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, timeout_ns < 0 ? nullptr : &timeout, nullptr, 0);
}

static void futex_wake_all(std::atomic<int32_t>* word) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX, nullptr, nullptr, 0);
}

Lot* open(int expected, int64_t bound_ns, void (*gathered)(void*), void* context) {
  Lot* lot = new Lot;
  lot->expected = expected;
  lot->bound_ns = bound_ns;
  lot->gathered = gathered;
  lot->context = context;
  return lot;
}

void retain(Lot* lot) { lot->references.fetch_add(1); }

void let_go(Lot* lot) {
  if (lot->references.fetch_sub(1) == 1) delete lot;
}

void arrive(Lot* lot) {
  if (lot->phase.load() == kReleased) return;
  if (lot->arrived.fetch_add(1) + 1 == lot->expected) {
    futex_wake_all(&lot->arrived);
    lot->gathered(lot->context);
  }
  const int64_t deadline = now_ns() + lot->bound_ns;
  for (;;) {
    int32_t phase = lot->phase.load();
    if (phase == kReleased) return;
    // Held: the main thread is forking and releases within milliseconds.
    int64_t left = phase == kHeld ? -1 : deadline - now_ns();
    if (phase == kGathering && left <= 0) {
      int32_t expected = kGathering;
      if (lot->phase.compare_exchange_strong(expected, kReleased)) futex_wake_all(&lot->phase);
      continue;
    }
    futex_wait(&lot->phase, phase, left);
  }
}

bool hold(Lot* lot) {
  int32_t expected = kGathering;
  return lot->arrived.load() == lot->expected && lot->phase.compare_exchange_strong(expected, kHeld);
}

void release(Lot* lot) {
  lot->phase.store(kReleased);
  futex_wake_all(&lot->phase);
}

void wait_until_gathered(Lot* lot, int64_t timeout_ns) {
  const int64_t deadline = now_ns() + timeout_ns;
  for (;;) {
    int32_t arrived = lot->arrived.load();
    int64_t left = deadline - now_ns();
    if (arrived >= lot->expected || left <= 0 || lot->phase.load() != kGathering) return;
    futex_wait(&lot->arrived, arrived, left);
  }
}

class ParkTask final : public v8::Task {
 public:
  explicit ParkTask(Lot* lot) : lot_(lot) { retain(lot_); }
  ~ParkTask() override { let_go(lot_); }
  void Run() override { arrive(lot_); }

 private:
  Lot* lot_;
};

void post_tasks(Lot* lot, v8::Platform* platform, int workers) {
  for (int i = 0; i < workers; i++) platform->CallOnWorkerThread(std::make_unique<ParkTask>(lot));
}

}  // namespace parking
