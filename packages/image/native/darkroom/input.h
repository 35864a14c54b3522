// Reads the image from descriptor 0: once, front to back, computing its digest on the way.
#ifndef AFTERIMAGE_INPUT_H
#define AFTERIMAGE_INPUT_H

#include <stddef.h>
#include <stdint.h>

void input_begin(void);

// Reads exactly `size` bytes or ends the program with DEVELOPER_TRUNCATED.
void input_read(void *into, size_t size);

// Skips `size` bytes.
void input_skip(uint64_t size);

uint64_t input_position(void);
uint64_t input_digest(void);

#endif
