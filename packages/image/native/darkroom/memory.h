// Rebuilds the target's memory at its old addresses.
#ifndef AFTERIMAGE_MEMORY_H
#define AFTERIMAGE_MEMORY_H

#include "header.h"

// Claims every address of the image, and space for the stack to grow. Reads nothing yet.
void memory_map(const struct header *header);

// Reads the contents into place, in the order of the file, and checks the digest at the end.
void memory_fill(const struct header *header);

// Gives each mapping its own access rights, and makes the vdso's functions work without the kernel's pages.
void memory_protect(const struct header *header);

#endif
