// Exit codes of the image child and of the darkroom. The TypeScript side has the sentences: src/native-part.ts for the
// child, src/develop-errors.ts for the darkroom. Change them together.
#ifndef AFTERIMAGE_EXIT_CODES_H
#define AFTERIMAGE_EXIT_CODES_H

enum child_exit {
  CHILD_WROTE_IMAGE = 0,
  CHILD_ORPHANED = 40,          // the target ended before the child was set up
  CHILD_NO_SCRATCH = 41,        // no memory for its own tables
  CHILD_MAPS_UNREADABLE = 42,   // /proc/self/maps
  CHILD_TOO_MANY_SEGMENTS = 43,
  CHILD_OUTPUT_CLOSED = 44,     // the collector has ended
  CHILD_OUTPUT_FAILED = 45,
  CHILD_DESCRIPTORS = 46,       // /proc/self/fd
  CHILD_PAGEMAP = 47,
};

enum developer_exit {
  DEVELOPER_DONE = 0,
  DEVELOPER_USAGE = 60,
  DEVELOPER_TRUNCATED = 61,
  DEVELOPER_CORRUPT = 62,
  DEVELOPER_WRONG_ARCHITECTURE = 63,
  DEVELOPER_MISSING_CPU_FEATURES = 64,
  DEVELOPER_ADDRESS_UNAVAILABLE = 65,
  DEVELOPER_NO_SANDBOX = 66,
  DEVELOPER_NO_MEMORY = 67,
  DEVELOPER_OUTPUT_FAILED = 68,
  DEVELOPER_UNSUPPORTED_FORMAT = 69,
  DEVELOPER_INPUT_FAILED = 70,
  DEVELOPER_NO_DESCRIPTORS = 71,
  DEVELOPER_STUCK = 72,          // waits for a thread that does not exist, and has no lock that could be released
  DEVELOPER_SNAPSHOT_FAILED = 73,
};

#endif
