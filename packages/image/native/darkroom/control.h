// Where this program leaves the ordinary way of C: MACHINE/control.S.
#ifndef AFTERIMAGE_CONTROL_H
#define AFTERIMAGE_CONTROL_H

#include <stdint.h>

// Goes on in `next`, on another stack.
__attribute__((noreturn, visibility("hidden"))) void control_move(void *stack, void (*next)(void));

// Takes up the image's registers (enum register_index); saving them returns `result`.
__attribute__((noreturn, visibility("hidden"))) void control_jump(const uint64_t *registers, long result);

// Ends a signal handler.
__attribute__((visibility("hidden"))) void control_signal_return(void);

#endif
