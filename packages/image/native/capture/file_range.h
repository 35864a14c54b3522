// A part of the program's file, in bytes from its beginning.
#ifndef AFTERIMAGE_FILE_RANGE_H
#define AFTERIMAGE_FILE_RANGE_H

#include <stdint.h>

struct file_range {
  uint64_t start, end;
};

#endif
