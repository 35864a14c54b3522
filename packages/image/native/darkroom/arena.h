// Moves this program to addresses that the image leaves free.
#ifndef AFTERIMAGE_ARENA_H
#define AFTERIMAGE_ARENA_H

#include "header.h"

// Copies the program and the header to their new place, unmaps everything else and continues there in `next`, on a new
// stack.
__attribute__((noreturn)) void arena_move(struct header *header, void (*next)(struct header *header));

#endif
