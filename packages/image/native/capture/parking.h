// Holds V8's worker threads still. A worker that the fork leaves behind in the middle of a GC job or holding
// a lock would be waited for, in the restored process, for ever; so each is given one task that blocks, and
// when all have come they are by construction in no job, no compilation and no wait of V8's.
#ifndef AFTERIMAGE_PARKING_H
#define AFTERIMAGE_PARKING_H

#include <stdint.h>

namespace v8 {
class Platform;
}

namespace parking {

// Shared by the main thread, the parked workers and whoever else is to be waited for; the last to let go frees it.
struct Lot;

// The last to arrive calls `gathered`, on its own thread.
Lot* open(int expected, int64_t bound_ns, void (*gathered)(void*), void* context);

// Posts one blocking task to each of `workers` V8 workers.
void post_tasks(Lot* lot, v8::Platform* platform, int workers);

// Arrives and stays until released. For the tasks, and for a helper thread once its work is done.
void arrive(Lot* lot);
void retain(Lot* lot);
void let_go(Lot* lot);

// From now on nobody leaves before release(). False when not all are here, or one has given up: no thread
// stays longer than the bound, so that a main thread that waits for a worker does not wait for ever.
bool hold(Lot* lot);
void release(Lot* lot);

// Blocks until all have gathered or the time is over.
void wait_until_gathered(Lot* lot, int64_t timeout_ns);

int64_t now_ns();

}  // namespace parking

#endif
