#define _GNU_SOURCE
#include "fork_marks.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "proc_maps.h"

// Makes room for one more item. Doubles the room with mmap, because another thread may hold the allocator's locks at
// this moment.
static void *with_room(void *items, size_t count, size_t *capacity, size_t item_size) {
  if (count < *capacity) return items;
  size_t doubled = *capacity ? 2 * *capacity : 4096;
  void *grown = mmap(NULL, doubled * item_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (grown == MAP_FAILED) return NULL;
  if (items) {
    memcpy(grown, items, count * item_size);
    munmap(items, *capacity * item_size);
  }
  *capacity = doubled;
  return grown;
}

static bool append_mark(struct fork_marks *marks, uint64_t start, uint64_t end) {
  struct address_range *marked = with_room(marks->marked, marks->marked_count, &marks->marked_capacity, sizeof *marked);
  if (!marked) return false;
  marks->marked = marked;
  marked[marks->marked_count++] = (struct address_range){start, end};
  return true;
}

static bool append_mapping(struct fork_marks *marks, uint64_t start, uint64_t end) {
  struct image_mapping *mapped = with_room(marks->mapped, marks->mapped_count, &marks->mapped_capacity, sizeof *mapped);
  if (!mapped) return false;
  marks->mapped = mapped;
  mapped[marks->mapped_count++] = (struct image_mapping){.start = start, .end = end};
  return true;
}

static bool parse_hex(const char **at, uint64_t *value) {
  const char *from = *at;
  *value = 0;
  for (;; (*at)++) {
    char c = **at;
    if (c >= '0' && c <= '9') *value = *value * 16 + (uint64_t)(c - '0');
    else if (c >= 'a' && c <= 'f') *value = *value * 16 + (uint64_t)(c - 'a') + 10;
    else return *at != from;
  }
}

struct smaps_reading {
  uint64_t start, end;
};

// "Rss:                 123 kB"
static void read_size(struct image_mapping *mapping, const char *line) {
  const struct {
    const char *name;
    size_t length;
    uint32_t *size;
  } sizes[] = {
      {"Rss:", 4, &mapping->rss},
      {"Pss:", 4, &mapping->pss},
      {"Private_Dirty:", 14, &mapping->private_dirty},
      {"Anonymous:", 10, &mapping->anonymous},
      {"Swap:", 5, &mapping->swap},
  };
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    if (*line != *sizes[i].name || strncmp(line, sizes[i].name, sizes[i].length)) continue;
    uint64_t value = 0;
    for (const char *at = line + sizes[i].length; *at; at++)
      if (*at >= '0' && *at <= '9') value = value * 10 + (uint64_t)(*at - '0');
    *sizes[i].size = value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
  }
}

static bool read_line(struct fork_marks *marks, struct smaps_reading *reading, const char *line) {
  uint64_t start, end;
  const char *at = line;
  if (parse_hex(&at, &start) && *at == '-') {
    at++;
    if (parse_hex(&at, &end) && *at == ' ') {
      reading->start = start;
      reading->end = end;
      return append_mapping(marks, start, end);
    }
    return true;
  }
  if (marks->mapped_count) read_size(&marks->mapped[marks->mapped_count - 1], line);
  if (!strncmp(line, "VmFlags:", 8) && strstr(line, " dc")) return append_mark(marks, reading->start, reading->end);
  if (!strncmp(line, "ProtectionKey:", 14)) {
    unsigned key = 0;
    for (at = line + 14; *at; at++)
      if (*at >= '0' && *at <= '9') key = key * 10 + (unsigned)(*at - '0');
    if (key && key < 32) marks->protection_keys |= 1u << key;
  }
  return true;
}

bool fork_marks_read(struct fork_marks *marks) {
  int file = open("/proc/self/smaps", O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  struct smaps_reading reading = {0, 0};
  char buffer[16384];
  size_t held = 0;
  bool whole = false;
  for (;;) {
    ssize_t got = read(file, buffer + held, sizeof buffer - 1 - held);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      whole = got == 0;
      break;
    }
    held += (size_t)got;
    char *line = buffer;
    bool stored = true;
    for (char *end; stored && (end = memchr(line, '\n', held - (size_t)(line - buffer))); line = end + 1) {
      *end = 0;
      stored = read_line(marks, &reading, line);
    }
    if (!stored) break;
    held -= (size_t)(line - buffer);
    memmove(buffer, line, held);
    if (held == sizeof buffer - 1) held = 0;
  }
  close(file);
  return whole;
}

// One madvise() call handles adjacent mappings, so they are joined first.
static void advise_joined(struct address_range *joined, uint64_t start, uint64_t end, int advice) {
  if (joined->end == start) {
    joined->end = end;
    return;
  }
  if (joined->end) madvise((void *)joined->start, joined->end - joined->start, advice);
  *joined = (struct address_range){start, end};
}

struct lifting {
  struct fork_marks *marks;
  struct address_range joined;
  size_t seen, kept;  // marks read so far, and those that still lie within one anonymous mapping
};

// A marked page may have been unmapped since the marks were read. Marking the mapping that replaced it would withhold
// memory from the application's own children.
static void keep_marks_within(struct lifting *lifting, const struct mapping *mapping) {
  struct fork_marks *marks = lifting->marks;
  for (; lifting->seen < marks->marked_count && marks->marked[lifting->seen].end <= mapping->end; lifting->seen++)
    if (marks->marked[lifting->seen].start >= mapping->start)
      marks->marked[lifting->kept++] = marks->marked[lifting->seen];
}

static bool lift_mapping(const struct mapping *mapping, void *context) {
  struct lifting *lifting = context;
  if (mapping->shared || mapping->inode) return true;
  // [vvar], [vdso] and [vsyscall] belong to the kernel; the other named mappings are ordinary anonymous memory.
  if (mapping->name[0] == '[' && strncmp(mapping->name, "[heap", 5) && strncmp(mapping->name, "[stack", 6) &&
      strncmp(mapping->name, "[anon", 5))
    return true;
  lifting->marks->mappings++;
  keep_marks_within(lifting, mapping);
  advise_joined(&lifting->joined, mapping->start, mapping->end, MADV_DOFORK);
  return true;
}

int fork_marks_lift(struct fork_marks *marks) {
  struct lifting lifting = {marks, {0, 0}, 0, 0};
  marks->mappings = 0;
  int error = proc_maps_visit(lift_mapping, &lifting);
  advise_joined(&lifting.joined, 0, 0, MADV_DOFORK);
  marks->marked_count = lifting.kept;
  return error;
}

void fork_marks_restore(const struct fork_marks *marks) {
  struct address_range joined = {0, 0};
  for (size_t i = 0; i < marks->marked_count; i++)
    advise_joined(&joined, marks->marked[i].start, marks->marked[i].end, MADV_DONTFORK);
  advise_joined(&joined, 0, 0, MADV_DONTFORK);
}

void fork_marks_free(struct fork_marks *marks) {
  if (marks->marked) munmap(marks->marked, marks->marked_capacity * sizeof *marks->marked);
  if (marks->mapped) munmap(marks->mapped, marks->mapped_capacity * sizeof *marks->mapped);
  marks->marked = NULL;
  marks->mapped = NULL;
  marks->marked_count = marks->marked_capacity = marks->mapped_count = marks->mapped_capacity = 0;
}
