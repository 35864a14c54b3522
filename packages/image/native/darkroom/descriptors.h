// Restores the descriptors that the image's code expects to write to.
#ifndef AFTERIMAGE_DEVELOPER_DESCRIPTORS_H
#define AFTERIMAGE_DEVELOPER_DESCRIPTORS_H

#include "header.h"

// Closes all descriptors but those for snapshot and reports, and recreates the target's eventfds under their old
// numbers. Returns the new number of the snapshot's descriptor.
int descriptors_restore(const struct header *header);

#endif
