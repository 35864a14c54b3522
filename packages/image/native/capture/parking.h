// Parks V8's worker threads. If a worker were in a GC job or held a lock at the fork, the restored process would wait
// for it forever. So each gets one task that blocks; when all have arrived, none is in a job, a compilation or a wait
// of V8.
#ifndef AFTERIMAGE_PARKING_H
#define AFTERIMAGE_PARKING_H

#include <stdint.h>

namespace v8 {
class Platform;
}

namespace parking {

// Shared by the main thread, the parked workers and the helper threads that must arrive too; the last one to release it
// frees it.
struct Lot;

// The last thread to arrive calls `gathered` on itself.
Lot* open(int expected, int64_t bound_ns, void (*gathered)(void*), void* context);

// Posts one blocking task to each of `workers` V8 workers.
void post_tasks(Lot* lot, v8::Platform* platform, int workers);

// Arrives and blocks until released. For the tasks, and for a helper thread after its work.
void arrive(Lot* lot);
void retain(Lot* lot);
void let_go(Lot* lot);

// From now on no thread leaves before release(). Returns false if not all have arrived, or if one has given up: no
// thread stays longer than the bound, so that a main thread waiting for a worker does not wait forever.
bool hold(Lot* lot);
void release(Lot* lot);

// Blocks until all have arrived or the time is over.
void wait_until_gathered(Lot* lot, int64_t timeout_ns);

int64_t now_ns();

}  // namespace parking

#endif
