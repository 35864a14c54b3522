#include "arena.h"

#include "control.h"
#include "exit_codes.h"
#include "machine.h"
#include "report.h"
#include "system_calls.h"

#define STACK_SIZE (256u << 10)
#define MAP_PLAIN 0x22               // MAP_PRIVATE | MAP_ANONYMOUS
#define MAP_FIXED_NOREPLACE 0x100000

extern const Elf64_Ehdr __ehdr_start __attribute__((visibility("hidden")));
extern char _end[] __attribute__((visibility("hidden")));

static void copy(void *into, const void *from, uint64_t size) {
  uint64_t *to = into;
  const uint64_t *at = from;
  for (uint64_t i = 0; i < (size + 7) / 8; i++) to[i] = at[i];
}

// Finds the widest gap between two segments; the image is sparse and terabytes wide.
static uint64_t widest_gap(const struct header *header, uint64_t *size) {
  uint64_t best = 0, end = 1u << 20;
  *size = 0;
  for (uint64_t i = 0; i <= header->segment_count; i++) {
    uint64_t next = i < header->segment_count ? header->segments[i].p_vaddr : header->space_end;
    if (next > end && next - end > *size) {
      *size = next - end;
      best = end;
    }
    if (i < header->segment_count) end = next + header->segments[i].p_memsz;
  }
  return best;
}

static char *reserve(const struct header *header, uint64_t size) {
  uint64_t gap_size;
  uint64_t gap = widest_gap(header, &gap_size);
  // Part of this process may already be there, so several places are tried.
  for (uint64_t part = 1; part < 16 && gap_size > 32 * size; part++) {
    uint64_t address = gap + (gap_size / 16 * part & ~(header->kernel_page - 1));
    long got = CALL6(__NR_mmap, address, size, 3, MAP_PLAIN | MAP_FIXED_NOREPLACE, -1, 0);
    if (got == (long)address) return (char *)address;
    if (got > 0) CALL2(__NR_munmap, got, size);
  }
  fail(DEVELOPER_ADDRESS_UNAVAILABLE, "no address range is free for the darkroom next to the image");
}

// Copies segment by segment, because there may be no memory between two of them.
static void copy_program(char *into, const char *program, uint64_t page) {
  const Elf64_Phdr *segment = (const Elf64_Phdr *)(program + __ehdr_start.e_phoff);
  for (int i = 0; i < __ehdr_start.e_phnum; i++, segment++) {
    if (segment->p_type != PT_LOAD) continue;
    copy(into + segment->p_vaddr, program + segment->p_vaddr, segment->p_memsz);
    if (segment->p_flags & PF_W) continue;
    if (segment->p_flags & PF_X) code_written((uint64_t)into + segment->p_vaddr, segment->p_memsz);
    uint64_t start = segment->p_vaddr & ~(page - 1), end = (segment->p_vaddr + segment->p_memsz + page - 1) & ~(page - 1);
    CALL3(__NR_mprotect, into + start, end - start, (segment->p_flags & PF_X) ? 5 : 1);
  }
}

struct move {
  struct header header;
  void (*next)(struct header *header);
  uint64_t arena, arena_size;
};

static struct move move;

static uint64_t parse_hex(const char **at) {
  uint64_t value = 0;
  for (;; (*at)++) {
    unsigned char c = (unsigned char)**at;
    if (c >= '0' && c <= '9') value = value * 16 + (c - '0');
    else if (c >= 'a' && c <= 'f') value = value * 16 + (c - 'a') + 10;
    else return value;
  }
}

// Unmaps each mapping separately: a kernel that seals its own mappings (CONFIG_MSEAL_SYSTEM_MAPPINGS) rejects a range
// that contains one. The sealed ones stay. They only matter if the image needs their addresses, and then mapping the
// segments fails.
static void unmap_one_by_one(void) {
  static char maps[1 << 16];
  long file = CALL4(__NR_openat, -100 /* AT_FDCWD */, "/proc/self/maps", 0, 0);
  if (file < 0) return;
  uint64_t size = 0;
  for (long got; size < sizeof maps - 1 && (got = CALL3(__NR_read, file, maps + size, sizeof maps - 1 - size)) > 0;) size += (uint64_t)got;
  CALL1(__NR_close, file);
  maps[size] = 0;
  for (const char *at = maps; *at;) {
    uint64_t start = parse_hex(&at);
    at++;
    uint64_t end = parse_hex(&at);
    while (*at && *at++ != '\n') {}
    if (end <= move.arena || (start >= move.arena + move.arena_size && end <= move.header.space_end)) CALL2(__NR_munmap, start, end - start);
  }
}

static __attribute__((noreturn)) void arrived(void) {
  uint64_t arena_end = move.arena + move.arena_size;
  if (CALL2(__NR_munmap, 0, move.arena) || CALL2(__NR_munmap, arena_end, move.header.space_end - arena_end)) unmap_one_by_one();
  move.next(&move.header);
  __builtin_unreachable();
}

void arena_move(struct header *header, void (*next)(struct header *header)) {
  char *program = (char *)&__ehdr_start;
  uint64_t page = header->kernel_page;
  uint64_t program_size = ((uint64_t)(_end - program) + page - 1) & ~(page - 1);
  uint64_t size = program_size + page + STACK_SIZE + header->memory_size;
  char *arena = reserve(header, size);
  char *stack = arena + program_size + page, *memory = stack + STACK_SIZE;

  copy(memory, header->memory, header->memory_size);
  uint64_t moved = (uint64_t)(memory - (char *)header->memory);
  move.header = *header;
  move.header.memory = memory;
  move.header.segments = (Elf64_Phdr *)((char *)header->segments + moved);
  move.header.eventfds = (int32_t *)((char *)header->eventfds + moved);
  move.next = (void (*)(struct header *))(arena + ((char *)next - program));
  move.arena = (uint64_t)arena;
  move.arena_size = size;
  copy_program(arena, program, page);
  CALL3(__NR_mprotect, arena + program_size, page, 0);  // below the stack

  control_move(stack + STACK_SIZE - 64, (void (*)(void))(arena + ((char *)arrived - program)));
}
