// Detaches the child from everything that the target has open.
#ifndef AFTERIMAGE_DESCRIPTORS_H
#define AFTERIMAGE_DESCRIPTORS_H

#include <stddef.h>
#include <stdint.h>

// Closes every descriptor but `keep`, including 0 to 2: a connection that the target closes must not stay open because
// of the child. Stores the numbers of eventfds in `eventfds`, because libuv aborts (uv__async_send) if it cannot write
// to its own, so the restored process gets new ones. Returns their number (more than `capacity` is an error), or
// -errno.
long descriptors_detach(int keep, int32_t *eventfds, size_t capacity);

#endif
