// Moves this program out of the image's way: to a place in the address space that the image leaves free.
#ifndef AFTERIMAGE_ARENA_H
#define AFTERIMAGE_ARENA_H

#include "header.h"

// Copies the program and the header to their new place, unmaps everything else and continues there, on a
// new stack, in `next`.
__attribute__((noreturn)) void arena_move(struct header *header, void (*next)(struct header *header));

#endif
