#include "memory.h"

#include "exit_codes.h"
#include "input.h"
#include "machine.h"
#include "report.h"
#include "system_calls.h"
#include "vdso.h"

#define MAP_FLAGS (0x22 | 0x4000 | 0x100000)  // MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE
#define MAP_FILE_FLAGS (0x2 | 0x4000 | 0x100000)  // the same without MAP_ANONYMOUS

static int access_of(const Elf64_Phdr *segment) {
  return (segment->p_flags & PF_R ? 1 : 0) | (segment->p_flags & PF_W ? 2 : 0) | (segment->p_flags & PF_X ? 4 : 0);
}

static int has_contents(const Elf64_Phdr *segment) { return segment->p_filesz != 0; }

static void claim(const Elf64_Phdr *segment, int access, int program) {
  uint64_t start = segment->p_vaddr;
  int in_program = segment->p_flags & SEGMENT_IN_PROGRAM;
  if (in_program && program < 0) fail(DEVELOPER_USAGE, "the image leaves out its program's file, and that file is not given");
  long got = in_program ? CALL6(__NR_mmap, start, segment->p_memsz, access, MAP_FILE_FLAGS, program, segment->p_paddr)
                        : CALL6(__NR_mmap, start, segment->p_memsz, access, MAP_FLAGS, -1, 0);
  if (got == (long)start) return;
  if (got == -ENOMEM) fail_at(DEVELOPER_NO_MEMORY, "the kernel has no memory or no mapping left for address", start);
  fail_at(DEVELOPER_ADDRESS_UNAVAILABLE, "cannot be mapped in this process: address", start);
}

// The kernel grew the target's stack on demand; here it is an ordinary mapping, so the space below is reserved in
// advance. Returns where that space begins.
static uint64_t claim_stack_room(const struct header *header, uint64_t index) {
  const Elf64_Phdr *stack = &header->segments[index];
  uint64_t below = index ? header->segments[index - 1].p_vaddr + header->segments[index - 1].p_memsz : header->kernel_page;
  uint64_t gap = stack->p_vaddr - below;
  // Leave whole pages free above the neighbor, so that a stack overflow still faults.
  uint64_t page = header->kernel_page, room = header->process.stack_limit & ~(page - 1);
  if (gap < 16 * page) return stack->p_vaddr;
  if (room > gap - 16 * page) room = gap - 16 * page;
  // Best effort: the image already contains the part of the stack in use.
  long got = CALL6(__NR_mmap, stack->p_vaddr - room, room, 3, MAP_FLAGS, -1, 0);
  return got == (long)(stack->p_vaddr - room) ? stack->p_vaddr - room : stack->p_vaddr;
}

// The kernel chooses addresses downwards from a point that differs from process to process, within a terabyte below the
// stack (mmap_base in mm/util.c and arch/x86/mm/mmap.c). V8 sorts some of its output by address, so that terabyte is
// blocked: all new mappings go below it, and the same image always gives the same snapshot.
#define UNPREDICTABLE (2ull << 40)

static void close_unpredictable_addresses(const struct header *header, uint64_t stack, uint64_t stack_room) {
  if (header->space_end <= 2 * UNPREDICTABLE) return;  // a small address space: its kernel uses all of it
  uint64_t end = header->space_end - UNPREDICTABLE;
  for (uint64_t i = 0; i <= header->segment_count; i++) {
    const Elf64_Phdr *segment = &header->segments[i];
    uint64_t next = i == stack ? stack_room : i < header->segment_count ? segment->p_vaddr
                                                                        : header->space_end;
    // Best effort: on failure only the order in the snapshot may differ.
    if (next > end) CALL6(__NR_mmap, end, next - end, 0, MAP_FLAGS, -1, 0);
    if (i < header->segment_count && segment->p_vaddr + segment->p_memsz > end) end = segment->p_vaddr + segment->p_memsz;
  }
}

void memory_map(const struct header *header) {
  uint64_t stack_pointer = header->registers[SAVED_STACK_POINTER];
  uint64_t stack = header->segment_count;
  for (uint64_t i = 0; i < header->segment_count; i++) {
    const Elf64_Phdr *segment = &header->segments[i];
    // Segments with contents must be writable until those are read.
    claim(segment, has_contents(segment) ? 3 : access_of(segment) & ~4, header->program);
    if (stack_pointer >= segment->p_vaddr && stack_pointer < segment->p_vaddr + segment->p_memsz) stack = i;
  }
  if (stack == header->segment_count) fail_at(DEVELOPER_CORRUPT, "the image is corrupt: no segment holds the stack pointer", stack_pointer);
  // A stack is one mapping, but may consist of several segments with holes between them.
  while (stack && header->segments[stack - 1].p_vaddr + header->segments[stack - 1].p_memsz == header->segments[stack].p_vaddr &&
         header->segments[stack - 1].p_flags == header->segments[stack].p_flags)
    stack--;
  close_unpredictable_addresses(header, stack, claim_stack_room(header, stack));
}

void memory_fill(const struct header *header) {
  uint64_t offset = header->contents;
  for (int pass = 0; pass < IMAGE_PASSES; pass++) {
    for (uint64_t i = 0; i < header->segment_count; i++) {
      const Elf64_Phdr *segment = &header->segments[i];
      if (!has_contents(segment) || segment->p_offset != offset) continue;
      input_read((void *)segment->p_vaddr, segment->p_filesz);
      offset += segment->p_filesz;
    }
  }

  struct {
    Elf64_Nhdr note;
    char owner[(sizeof IMAGE_NOTE_OWNER + 3) & ~3u];
  } begin;
  input_read(&begin, sizeof begin);
  uint64_t computed = input_digest();
  struct image_digest digest;
  input_read(&digest, sizeof digest);
  if (begin.note.n_type != IMAGE_NOTE_DIGEST || begin.note.n_descsz != sizeof digest || digest.xxh64 != computed)
    fail_at(DEVELOPER_CORRUPT, "the image is corrupt: its contents do not match their digest", digest.xxh64);
}

void memory_protect(const struct header *header) {
  for (uint64_t i = 0; i < header->segment_count; i++) {
    const Elf64_Phdr *segment = &header->segments[i];
    if (segment->p_flags & SEGMENT_VDSO) vdso_detach(segment->p_vaddr, segment->p_filesz);
    int now = has_contents(segment) ? 3 : access_of(segment) & ~4;
    if (access_of(segment) == now) continue;
    if (has_contents(segment) && segment->p_flags & PF_X) code_written(segment->p_vaddr, segment->p_filesz);
    if (CALL3(__NR_mprotect, segment->p_vaddr, segment->p_memsz, access_of(segment)))
      fail_at(DEVELOPER_NO_MEMORY, "the kernel refuses the access rights of the mapping at", segment->p_vaddr);
  }
}
