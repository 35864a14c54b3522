#define _GNU_SOURCE
#include "descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

// The kernel's struct linux_dirent64; readdir() would allocate memory.
struct directory_entry {
  uint64_t inode;
  int64_t offset;
  unsigned short length;
  unsigned char type;
  char name[];
};

static void format_decimal(char *at, unsigned value) {
  char digits[12];
  int count = 0;
  do digits[count++] = (char)('0' + value % 10);
  while (value /= 10);
  while (count) *at++ = digits[--count];
  *at = 0;
}

static int is_eventfd(int descriptor) {
  char path[32] = "/proc/self/fd/", target[32];
  format_decimal(path + strlen(path), (unsigned)descriptor);
  ssize_t length = readlink(path, target, sizeof target - 1);
  if (length < 0) return 0;
  target[length] = 0;
  return !strncmp(target, "anon_inode:[eventfd", 19);
}

static void close_all_but(int keep) {
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
  if ((keep == 0 || syscall(SYS_close_range, 0u, (unsigned)keep - 1, 0u) == 0) &&
      syscall(SYS_close_range, (unsigned)keep + 1, ~0u, 0u) == 0)
    return;
  long limit = sysconf(_SC_OPEN_MAX);  // a kernel before 5.9
  if (limit < 0 || limit > 1 << 20) limit = 1 << 20;
  for (int descriptor = 0; descriptor < limit; descriptor++)
    if (descriptor != keep) close(descriptor);
}

long descriptors_detach(int keep, int32_t *eventfds, size_t capacity) {
  int directory = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return -errno;
  size_t count = 0;
  _Alignas(8) char buffer[4096];
  for (;;) {
    long got = syscall(SYS_getdents64, directory, buffer, sizeof buffer);
    if (got < 0) return -errno;
    if (got == 0) break;
    for (long at = 0; at < got;) {
      const struct directory_entry *entry = (const struct directory_entry *)(buffer + at);
      at += entry->length;
      if (entry->name[0] < '0' || entry->name[0] > '9') continue;
      int descriptor = 0;
      for (const char *digit = entry->name; *digit; digit++) descriptor = descriptor * 10 + (*digit - '0');
      if (descriptor == keep || descriptor == directory || !is_eventfd(descriptor)) continue;
      if (count == capacity) return -EMFILE;
      eventfds[count++] = descriptor;
    }
  }
  close_all_but(keep);
  return (long)count;
}
