// Cuts the child off from everything the target has open.
#ifndef AFTERIMAGE_DESCRIPTORS_H
#define AFTERIMAGE_DESCRIPTORS_H

#include <stddef.h>
#include <stdint.h>

// Closes every descriptor but `keep`, 0 to 2 included: a connection that the target closes must not stay
// open because a child still holds it. The numbers that were eventfds are noted in `eventfds`: libuv aborts
// (uv__async_send) when it cannot write to its own, so the restored process gets fresh ones.
// Returns how many those were (never more than `capacity`; more than that is an error), or -errno.
long descriptors_detach(int keep, int32_t *eventfds, size_t capacity);

#endif
