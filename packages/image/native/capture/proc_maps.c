#include "proc_maps.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static uint64_t parse_number(const char **at, unsigned base) {
  uint64_t value = 0;
  for (;; (*at)++) {
    char c = **at;
    unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0') : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                                                                                       : 99;
    if (digit >= base) return value;
    value = value * base + digit;
  }
}

// "7f12a000-7f12b000 r-xp 00001000 fe:00 1234   /usr/bin/node"
static void parse_line(const char *line, struct mapping *mapping) {
  const char *at = line;
  mapping->start = parse_number(&at, 16);
  at++;
  mapping->end = parse_number(&at, 16);
  at++;
  mapping->readable = at[0] == 'r';
  mapping->writable = at[1] == 'w';
  mapping->executable = at[2] == 'x';
  mapping->shared = at[3] == 's';
  at += 5;
  mapping->file_offset = parse_number(&at, 16);
  at++;
  while (*at && *at != ' ') at++;  // device
  while (*at == ' ') at++;
  mapping->inode = parse_number(&at, 10);
  while (*at == ' ') at++;
  size_t length = strnlen(at, sizeof mapping->name - 1);
  memcpy(mapping->name, at, length);
  mapping->name[length] = 0;
}

int proc_maps_visit(bool (*visit)(const struct mapping *mapping, void *context), void *context) {
  int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (file < 0) return -errno;
  // The kernel does not split a line between two reads if the buffer holds a page, but does not guarantee that.
  char buffer[16384];
  size_t held = 0;
  for (;;) {
    ssize_t got = read(file, buffer + held, sizeof buffer - 1 - held);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      int error = got < 0 ? -errno : 0;
      close(file);
      return error;
    }
    held += (size_t)got;
    char *line = buffer;
    for (char *end; (end = memchr(line, '\n', held - (size_t)(line - buffer))); line = end + 1) {
      *end = 0;
      struct mapping mapping;
      parse_line(line, &mapping);
      if (!visit(&mapping, context)) {
        close(file);
        return 0;
      }
    }
    held -= (size_t)(line - buffer);
    memmove(buffer, line, held);
    if (held == sizeof buffer - 1) held = 0;  // longer than any path can be: skip it
  }
}
