// The descriptors that the image's code expects to write to.
#ifndef AFTERIMAGE_DEVELOPER_DESCRIPTORS_H
#define AFTERIMAGE_DEVELOPER_DESCRIPTORS_H

#include "header.h"

// Closes all but snapshot and reports, and makes the target's eventfds again, under their old numbers. Returns the
// number that the snapshot goes on under.
int descriptors_restore(const struct header *header);

#endif
