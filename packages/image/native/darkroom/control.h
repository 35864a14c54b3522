// What this program cannot do in C: MACHINE/control.S.
#ifndef AFTERIMAGE_CONTROL_H
#define AFTERIMAGE_CONTROL_H

#include <stdint.h>

// Continues in `next`, on another stack.
__attribute__((noreturn, visibility("hidden"))) void control_move(void *stack, void (*next)(void));

// Restores the image's registers (enum register_index), so that saving them returns `result`.
__attribute__((noreturn, visibility("hidden"))) void control_jump(const uint64_t *registers, long result);

// Returns from a signal handler.
__attribute__((visibility("hidden"))) void control_signal_return(void);

#endif
