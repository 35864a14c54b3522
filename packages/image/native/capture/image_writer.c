#define _GNU_SOURCE
#include "image_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cpu_features.h"
#include "exit_codes.h"
#include "own_files.h"
#include "proc_maps.h"
#include "xxh64.h"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

#define CHUNK (256u << 10)
#define PAGEMAP_ENTRIES 32768u
#define SEGMENT_CAPACITY (1u << 20)
#define FILE_NAMES_CAPACITY (1u << 20)
#define FILES_CAPACITY 16384u
#define SCATTERED_CAPACITY 65536u
#define HEAP_PAGE (256u << 10)       // size of V8's heap pages, which begin at a multiple of it
#define HEAP_PAGE_HEADER (8u << 10)  // contains the garbage collector's marks
#define YOUNG_FLAGS 0x18u            // FROM_PAGE | TO_PAGE
#define MALLOC_ARENA (64ull << 20)   // size of a thread's arena in glibc, which begins at a multiple of it
#define PAGE_TABLE_SPAN (2ull << 20)  // addresses that one page of page table covers, if pages have 4 KB
// An entry of pagemap (Documentation/admin-guide/mm/pagemap.rst).
#define PAGE_PRESENT (1ull << 63)
#define PAGE_SWAPPED (1ull << 62)
#define PAGE_OF_FILE (1ull << 61)  // not the process's own copy
#define PAGE_GUARD (1ull << 58)    // since Linux 6.15; also marked as swapped

// The order in which memory is written. Every page that the target writes to during the capture exists twice. So the
// child first writes those pages that the target will modify soonest, and frees what it does not need itself once that
// is written.
enum pass {
  PASS_COLLECTED,  // what V8's next old-generation collection modifies within moments, and what malloc allocated
  PASS_YOUNG,      // V8's young generation
  PASS_OTHER,
  PASS_KEPT,  // what the child itself needs
};
_Static_assert(PASS_KEPT + 1 == IMAGE_PASSES, "as image_format.h says");

struct range {
  uint64_t start, end;
};

// The writer's own state, in a separate mapping that the image omits because it changes while the image is written.
struct scratch {
  struct image_process process;
  int32_t eventfds[1024];
  struct image_prstatus status;
  struct image_heap heap;
  char prpsinfo[136];
  uint64_t auxv[128];
  Elf64_Ehdr elf;
  Elf64_Shdr section;
  struct xxh64 digest;
  uint64_t unreadable_pages;
  uint64_t pagemap[PAGEMAP_ENTRIES];
  char chunk[CHUNK];
  size_t chunk_used;
  uint64_t file_note[2 + 3 * FILES_CAPACITY];
  size_t file_count;
  char file_names[FILE_NAMES_CAPACITY];
  size_t file_names_used;
  size_t scattered_count;
  struct range scattered[SCATTERED_CAPACITY];
  size_t segment_count;
  Elf64_Phdr segments[SEGMENT_CAPACITY];
  uint64_t places[SEGMENT_CAPACITY];  // where their contents are now
  uint8_t passes[SEGMENT_CAPACITY];    // enum pass
};

struct writer {
  struct scratch *scratch;
  int output, memory_file, pagemap_file;
  size_t page;  // the kernel's page size
  bool guards_look_swapped;
  int failure;  // enum child_exit
  uint64_t file_end;  // end of the latest file mapping
  char program[256];  // path whose clean pages are left out, as in struct mapping; empty if none are
  const struct file_range *kept;  // parts of that file that are written, clean or not
  size_t kept_count;
};

// ---- output -------------------------------------------------------------------------------------------

static void write_out(struct writer *writer, const char *data, size_t size) {
  while (size && !writer->failure) {
    ssize_t written = write(writer->output, data, size);
    if (written < 0) {
      if (errno == EINTR) continue;
      // A socket that libuv opened in the target is non-blocking.
      if (errno == EAGAIN && poll(&(struct pollfd){writer->output, POLLOUT, 0}, 1, -1) >= 0) continue;
      writer->failure = errno == EPIPE || errno == ECONNRESET ? CHILD_OUTPUT_CLOSED : CHILD_OUTPUT_FAILED;
      return;
    }
    data += written;
    size -= (size_t)written;
  }
}

static void flush(struct writer *writer) {
  write_out(writer, writer->scratch->chunk, writer->scratch->chunk_used);
  writer->scratch->chunk_used = 0;
}

// Copy before hashing: the child's own stack is among the pages and changes from call to call.
static void emit(struct writer *writer, const void *data, size_t size) {
  struct scratch *scratch = writer->scratch;
  const char *from = data;
  while (size && !writer->failure) {
    if (scratch->chunk_used == CHUNK) flush(writer);
    size_t part = CHUNK - scratch->chunk_used < size ? CHUNK - scratch->chunk_used : size;
    char *into = scratch->chunk + scratch->chunk_used;
    memcpy(into, from, part);
    xxh64_add(&scratch->digest, into, part);
    scratch->chunk_used += part;
    from += part;
    size -= part;
  }
}

static void emit_zeros(struct writer *writer, size_t size) {
  static const char zeros[4096];
  for (; size; size -= size < sizeof zeros ? size : sizeof zeros)
    emit(writer, zeros, size < sizeof zeros ? size : sizeof zeros);
}

// Reads through /proc/self/mem: if a page is missing (a mapped file was truncated), that returns an error, whereas
// access would raise SIGBUS.
static void emit_guarded(struct writer *writer, uint64_t address, uint64_t size) {
  struct scratch *scratch = writer->scratch;
  flush(writer);
  while (size && !writer->failure) {
    size_t part = size < CHUNK ? size : CHUNK;
    ssize_t got = pread(writer->memory_file, scratch->chunk, part, (off_t)address);
    if (got < (ssize_t)IMAGE_PAGE) {
      memset(scratch->chunk, 0, IMAGE_PAGE);
      scratch->unreadable_pages++;
      got = IMAGE_PAGE;
    }
    got -= got % IMAGE_PAGE;
    scratch->chunk_used = (size_t)got;
    xxh64_add(&scratch->digest, scratch->chunk, (size_t)got);
    flush(writer);
    address += (uint64_t)got;
    size -= (uint64_t)got;
  }
}

// ---- segments -----------------------------------------------------------------------------------------

static bool add_segment(struct writer *writer, uint64_t start, uint64_t file_size, uint64_t memory_size, uint32_t flags, enum pass pass) {
  struct scratch *scratch = writer->scratch;
  if (scratch->segment_count == SEGMENT_CAPACITY) {
    writer->failure = CHILD_TOO_MANY_SEGMENTS;
    return false;
  }
  scratch->passes[scratch->segment_count] = (uint8_t)pass;
  scratch->places[scratch->segment_count] = start;
  scratch->segments[scratch->segment_count++] = (Elf64_Phdr){
      .p_type = PT_LOAD,
      .p_flags = flags,
      .p_vaddr = start,
      .p_filesz = file_size,
      .p_memsz = memory_size,
      .p_align = IMAGE_PAGE,
  };
  return true;
}

static bool is_zero_page(struct writer *writer, uint64_t address) {
  uint64_t *page = (uint64_t *)writer->scratch->chunk;
  if (pread(writer->memory_file, page, writer->page, (off_t)address) != (ssize_t)writer->page) return true;
  for (size_t i = 0; i < writer->page / 8; i++)
    if (page[i]) return false;
  return true;
}

// Reads the pagemap of [start, start + count pages). In a sandbox without pagemap, zero pages count as holes.
static bool read_presence(struct writer *writer, uint64_t start, uint64_t count) {
  uint64_t *entries = writer->scratch->pagemap;
  if (writer->pagemap_file >= 0) {
    size_t size = count * sizeof *entries;
    if (pread(writer->pagemap_file, entries, size, (off_t)(start / writer->page * 8)) == (ssize_t)size) return true;
    writer->failure = CHILD_PAGEMAP;
    return false;
  }
  for (uint64_t i = 0; i < count; i++)
    entries[i] = is_zero_page(writer, start + i * writer->page) ? 0 : PAGE_PRESENT;
  return true;
}

// Guard pages (madvise's MADV_GUARD_INSTALL) lie inside readable mappings but must not be touched: since 2.42, glibc
// has one at the end of each thread's stack.
static bool holds_something(const struct writer *writer, uint64_t entry, uint64_t address) {
  if (entry & PAGE_PRESENT) return true;
  if (!(entry & PAGE_SWAPPED) || entry & PAGE_GUARD) return false;
  char byte;
  return !writer->guards_look_swapped || pread(writer->memory_file, &byte, 1, (off_t)address) == 1;
}

// Linux 6.13 and 6.14 have guard pages, but their pagemap does not distinguish them from swapped-out pages.
static bool guards_look_swapped(struct writer *writer, char *page) {
  if (madvise(page, writer->page, MADV_GUARD_INSTALL)) return false;
  return read_presence(writer, (uint64_t)page, 1) && !(writer->scratch->pagemap[0] & PAGE_GUARD);
}

static bool read_words(const struct writer *writer, uint64_t address, uint64_t words[2]) {
  return pread(writer->memory_file, words, 16, (off_t)address) == 16;
}

struct heap_page {
  uint64_t header_end, end;  // 0 if there is none
  bool young;
};

// Recognizes a heap page by MemoryChunk in V8's source: it begins with the page's size (V8 11), or with its flags and a
// pointer to metadata that has the page's address in the same place: in the page itself (V8 12), or outside it. If
// other memory is mistaken for a heap page, the only effect is that some of it is written earlier.
static struct heap_page heap_page_at(const struct writer *writer, uint64_t address) {
  uint64_t header[2], metadata[2];
  if (!read_words(writer, address, header)) return (struct heap_page){0};
  bool sized = header[0] == HEAP_PAGE;
  if (!sized && !(read_words(writer, header[1], metadata) && metadata[1] == address)) return (struct heap_page){0};
  bool marked = sized || header[1] == address;
  return (struct heap_page){address + (marked ? HEAP_PAGE_HEADER : 0), address + HEAP_PAGE, header[sized] & YOUNG_FLAGS};
}

// In an old-generation page, a collection writes to the header, and to the end if there is free space.
static enum pass pass_in(const struct heap_page *heap_page, uint64_t page, uint64_t page_size) {
  if (page >= heap_page->end) return PASS_OTHER;
  if (heap_page->young) return PASS_YOUNG;
  bool collected = page < heap_page->header_end || page + page_size == heap_page->end;
  return collected ? PASS_COLLECTED : PASS_OTHER;
}

// Adds one segment for each run of present pages of the same pass, with the following hole as p_memsz beyond p_filesz.
static bool add_anonymous(struct writer *writer, uint64_t start, uint64_t end, uint32_t flags, enum pass pass) {
  uint64_t run_start = start, run_end = start;  // the run of present pages whose hole has not ended yet
  enum pass run_pass = pass;
  struct heap_page heap_page = {0};
  for (uint64_t window = start; window < end;) {
    uint64_t count = (end - window) / writer->page;
    if (count > PAGEMAP_ENTRIES) count = PAGEMAP_ENTRIES;
    if (!read_presence(writer, window, count)) return false;
    for (uint64_t i = 0; i < count; i++) {
      uint64_t page = window + i * writer->page;
      if (!holds_something(writer, writer->scratch->pagemap[i], page)) continue;
      if (pass == PASS_OTHER && page % HEAP_PAGE == 0) heap_page = heap_page_at(writer, page);
      enum pass page_pass = pass == PASS_OTHER ? pass_in(&heap_page, page, writer->page) : pass;
      if (page != run_end || page_pass != run_pass) {
        if (page != run_start && !add_segment(writer, run_start, run_end - run_start, page - run_start, flags, run_pass))
          return false;
        run_start = page;
        run_pass = page_pass;
      }
      run_end = page + writer->page;
    }
    window += count * writer->page;
  }
  return add_segment(writer, run_start, run_end - run_start, end - run_start, flags, run_pass);
}

static bool add_part(struct writer *writer, const struct mapping *program, uint64_t start, uint64_t end, uint32_t flags, bool own, enum pass pass) {
  if (!add_segment(writer, start, own ? end - start : 0, end - start, own ? flags : flags | SEGMENT_IN_PROGRAM, pass)) return false;
  if (!own) writer->scratch->segments[writer->scratch->segment_count - 1].p_paddr = program->file_offset + start - program->start;
  return true;
}

static bool is_own_page(uint64_t entry) { return entry & PAGE_SWAPPED || (entry & PAGE_PRESENT && !(entry & PAGE_OF_FILE)); }

// The ranges ascend, and so do the offsets asked for: `next` is the first range that may still matter.
static bool is_kept(const struct writer *writer, uint64_t offset, size_t *next) {
  while (*next < writer->kept_count && writer->kept[*next].end <= offset) ++*next;
  return *next < writer->kept_count && writer->kept[*next].start < offset + writer->page;
}

// Adds segments of the pages that the process has changed and of those to keep, with their contents, and of those that
// are as in the file, without.
static bool add_program(struct writer *writer, const struct mapping *mapping, uint32_t flags, enum pass pass) {
  uint64_t start = mapping->start, at = start;
  bool own = false;
  size_t next = 0;
  while (at < mapping->end) {
    uint64_t count = (mapping->end - at) / writer->page;
    if (count > PAGEMAP_ENTRIES) count = PAGEMAP_ENTRIES;
    if (!read_presence(writer, at, count)) return false;
    for (uint64_t i = 0; i < count; i++, at += writer->page) {
      bool kept = is_kept(writer, mapping->file_offset + at - mapping->start, &next);
      if ((kept || is_own_page(writer->scratch->pagemap[i])) == own) continue;
      if (at > start && !add_part(writer, mapping, start, at, flags, own, pass)) return false;
      start = at;
      own = !own;
    }
  }
  return add_part(writer, mapping, start, at, flags, own, pass);
}

static bool add_file_name(struct scratch *scratch, const struct mapping *mapping) {
  size_t size = strlen(mapping->name) + 1;
  if (scratch->file_count == FILES_CAPACITY || scratch->file_names_used + size > FILE_NAMES_CAPACITY) return false;
  uint64_t *entry = scratch->file_note + 2 + 3 * scratch->file_count++;
  entry[0] = mapping->start;
  entry[1] = mapping->end;
  entry[2] = mapping->file_offset / IMAGE_PAGE;
  memcpy(scratch->file_names + scratch->file_names_used, mapping->name, size);
  scratch->file_names_used += size;
  return true;
}

// PASS_KEPT is what the child cannot do without: its stack, its thread-local storage, and the memory that a library has
// after its file. It does not need the C library's heap, because it allocates nothing.
static enum pass pass_of(const struct writer *writer, const struct mapping *mapping) {
  const uint64_t needed[] = {(uint64_t)&errno, (uint64_t)writer, (uint64_t)writer->scratch};
  bool is_heap = !strcmp(mapping->name, "[heap]");
  if (mapping->inode || mapping->shared || (mapping->name[0] && !is_heap) || mapping->start == writer->file_end) return PASS_KEPT;
  for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
    if (mapping->start <= needed[i] && needed[i] < mapping->end) return PASS_KEPT;
  return is_heap || (mapping->start % MALLOC_ARENA == 0 && !mapping->executable) ? PASS_COLLECTED : PASS_OTHER;
}

static bool add_mapping(const struct mapping *mapping, void *context) {
  struct writer *writer = context;
  uint64_t size = mapping->end - mapping->start;
  enum pass pass = pass_of(writer, mapping);
  if (mapping->inode) writer->file_end = mapping->end;
  struct image_heap *heap = &writer->scratch->heap;
  if (mapping->start <= heap->stack_start && heap->stack_start < mapping->end) heap->stack_end = mapping->end;
  if (mapping->start == (uint64_t)writer->scratch) return true;
  // The other kernel pages near the vdso differ in every process.
  if (!strncmp(mapping->name, "[vvar", 5) || !strncmp(mapping->name, "[vsyscall", 9) || !strncmp(mapping->name, "[uprobes", 8))
    return true;
  uint32_t flags = (mapping->readable ? PF_R : 0) | (mapping->writable ? PF_W : 0) | (mapping->executable ? PF_X : 0);
  if (mapping->inode && mapping->name[0] == '/') add_file_name(writer->scratch, mapping);
  if (!strcmp(mapping->name, "[vdso]")) return add_segment(writer, mapping->start, size, size, flags | SEGMENT_VDSO, pass);
  // Shared memory may be a database of many gigabytes; neither V8 nor a C library keeps its own state there.
  if (mapping->shared) return add_segment(writer, mapping->start, 0, size, flags | SEGMENT_SHARED, pass);
  if (!mapping->readable) return add_segment(writer, mapping->start, 0, size, flags, pass);
  if (mapping->inode && writer->program[0] && !strcmp(mapping->name, writer->program))
    return add_program(writer, mapping, flags | SEGMENT_FILE, pass);
  // Files are written whole, touched or not: the darkroom has no other files, and V8 may run any part of them.
  if (mapping->inode) return add_segment(writer, mapping->start, size, size, flags | SEGMENT_FILE, pass);
  if (pass != PASS_KEPT && size < PAGE_TABLE_SPAN && writer->scratch->scattered_count < SCATTERED_CAPACITY)
    writer->scratch->scattered[writer->scratch->scattered_count++] = (struct range){mapping->start, mapping->end};
  return add_anonymous(writer, mapping->start, mapping->end, flags, pass);
}

// V8 scatters its heap pages over the whole address space (GetRandomMmapAddr in its source), so that each needs two
// page-table pages of its own: 8 KB for 256 KB. Moved next to each other, they share page tables. Mappings that cannot
// be moved stay in place.
static void gather(struct scratch *scratch) {
  size_t size = 0, segment = 0;
  for (size_t i = 0; i < scratch->scattered_count; i++) size += scratch->scattered[i].end - scratch->scattered[i].start;
  char *to = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (to == MAP_FAILED) return;
  for (size_t i = 0; i < scratch->scattered_count; i++) {
    const struct range from = scratch->scattered[i];
    size = from.end - from.start;
    if (mremap((void *)from.start, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, to) == MAP_FAILED) continue;
    for (; segment < scratch->segment_count && scratch->segments[segment].p_vaddr < from.end; segment++)
      if (scratch->places[segment] >= from.start) scratch->places[segment] += (uint64_t)to - from.start;
    to += size;
  }
}

// ---- notes --------------------------------------------------------------------------------------------

static size_t padded(size_t size) { return (size + 3) & ~(size_t)3; }

static size_t note_size(const char *owner, size_t size) {
  return sizeof(Elf64_Nhdr) + padded(strlen(owner) + 1) + padded(size);
}

static void emit_note_header(struct writer *writer, const char *owner, uint32_t type, size_t size) {
  Elf64_Nhdr header = {.n_namesz = (uint32_t)strlen(owner) + 1, .n_descsz = (uint32_t)size, .n_type = type};
  emit(writer, &header, sizeof header);
  emit(writer, owner, header.n_namesz);
  emit_zeros(writer, padded(header.n_namesz) - header.n_namesz);
}

struct note {
  const char *owner;
  uint32_t type;
  struct {
    const void *data;
    size_t size;
  } parts[2];
};

static size_t note_content(const struct note *note) { return note->parts[0].size + note->parts[1].size; }

static void emit_note(struct writer *writer, const struct note *note) {
  emit_note_header(writer, note->owner, note->type, note_content(note));
  emit(writer, note->parts[0].data, note->parts[0].size);
  emit(writer, note->parts[1].data, note->parts[1].size);
  emit_zeros(writer, padded(note_content(note)) - note_content(note));
}

static size_t read_whole(const char *path, void *into, size_t capacity) {
  int file = own_file_open(path, O_RDONLY);
  if (file < 0) return 0;
  ssize_t got = read(file, into, capacity);
  close(file);
  return got > 0 ? (size_t)got : 0;
}

static void fill_status(struct scratch *scratch, const struct image_contents *contents) {
  memcpy(scratch->status.registers, contents->registers, sizeof scratch->status.registers);
  scratch->status.pid = getppid();  // the target's ID, not the child's
}

static void fill_process(struct writer *writer, const struct image_contents *contents) {
  struct scratch *scratch = writer->scratch;
  struct rlimit stack;
  scratch->process = (struct image_process){
      .version = IMAGE_FORMAT_VERSION,
      .page_size = (uint32_t)writer->page,
      .stack_limit = getrlimit(RLIMIT_STACK, &stack) == 0 && stack.rlim_cur <= 64u << 20 ? stack.rlim_cur : 8u << 20,
      .protection_keys = contents->protection_keys,
      .eventfd_count = contents->eventfd_count,
  };
  cpu_features_read(scratch->process.cpu_features, scratch->auxv);
}

// ---- the image ----------------------------------------------------------------------------------------

// Returns the offset at which the contents end.
static uint64_t place_segments(struct scratch *scratch, uint64_t offset) {
  for (int pass = 0; pass < IMAGE_PASSES; pass++) {
    for (size_t i = 0; i < scratch->segment_count; i++) {
      if (scratch->passes[i] != pass) continue;
      scratch->segments[i].p_offset = offset;
      offset += scratch->segments[i].p_filesz;
    }
  }
  return offset;
}

static void emit_contents(struct writer *writer, const Elf64_Phdr *segment, uint64_t place) {
  if (!segment->p_filesz) return;
  bool guarded = segment->p_flags & SEGMENT_FILE || writer->pagemap_file < 0;
  if (guarded && writer->memory_file >= 0) emit_guarded(writer, place, segment->p_filesz);
  else emit(writer, (const void *)place, segment->p_filesz);
}

// Writes ELF header, one section header (it holds the segment count if that exceeds 16 bits: PN_XNUM), program headers,
// notes, padding to a page; then the contents of the segments, pass by pass; then the digest.
static void write_image(struct writer *writer, const struct image_contents *contents) {
  struct scratch *scratch = writer->scratch;
  fill_status(scratch, contents);
  // One entry less than fits, so that the vector always ends with AT_NULL.
  size_t auxv_size = read_whole("/proc/self/auxv", scratch->auxv, sizeof scratch->auxv - 16);
  fill_process(writer, contents);
  scratch->file_note[0] = scratch->file_count;
  scratch->file_note[1] = IMAGE_PAGE;
  scratch->prpsinfo[1] = 'R';  // pr_sname; the name below is pr_fname
  memcpy(scratch->prpsinfo + 40, "node", 4);
  memcpy(scratch->prpsinfo + 56, "node (afterimage)", 17);

  size_t heap_size = offsetof(struct image_heap, spaces) + scratch->heap.space_count * sizeof(struct image_space);
  struct note notes[9 + REGISTER_NOTES] = {
      {"CORE", NT_PRSTATUS, {{&scratch->status, sizeof scratch->status}}},
      {"CORE", NT_PRPSINFO, {{scratch->prpsinfo, sizeof scratch->prpsinfo}}},
      {"CORE", NT_AUXV, {{scratch->auxv, auxv_size}}},
      {"CORE", NT_FILE, {{scratch->file_note, (2 + 3 * scratch->file_count) * 8}, {scratch->file_names, scratch->file_names_used}}},
      {IMAGE_NOTE_OWNER, IMAGE_NOTE_PROCESS, {{&scratch->process, sizeof scratch->process}, {contents->eventfds, 4 * contents->eventfd_count}}},
      {IMAGE_NOTE_OWNER, IMAGE_NOTE_METADATA, {{contents->metadata, contents->metadata_size}}},
      {IMAGE_NOTE_OWNER, IMAGE_NOTE_HEAP, {{&scratch->heap, heap_size}}},
      {IMAGE_NOTE_OWNER, IMAGE_NOTE_MAPPINGS, {{contents->mappings, contents->mapping_count * sizeof *contents->mappings}}},
      {IMAGE_NOTE_OWNER, IMAGE_NOTE_SYMBOLS, {{contents->symbols, contents->symbols_size}}},
  };
  for (int i = 0; i < REGISTER_NOTES; i++) {
    const struct register_note *note = &register_notes[i];
    notes[9 + i] = (struct note){note->owner, note->type, {{contents->registers + note->first, 8 * (size_t)note->count}}};
  }
  size_t notes_size = 0;
  for (size_t i = 0; i < sizeof notes / sizeof *notes; i++)
    notes_size += note_size(notes[i].owner, note_content(&notes[i]));

  size_t segment_count = scratch->segment_count + 2;  // plus the notes before and the digest after
  uint64_t headers_size = sizeof scratch->elf + sizeof scratch->section + segment_count * sizeof(Elf64_Phdr);
  uint64_t data_start = (headers_size + notes_size + IMAGE_PAGE - 1) / IMAGE_PAGE * IMAGE_PAGE;
  uint64_t offset = place_segments(scratch, data_start);
  size_t digest_size = note_size(IMAGE_NOTE_OWNER, sizeof(struct image_digest));
  const Elf64_Phdr notes_segment = {.p_type = PT_NOTE, .p_flags = PF_R, .p_offset = headers_size, .p_filesz = notes_size, .p_align = 4};
  const Elf64_Phdr digest_segment = {.p_type = PT_NOTE, .p_flags = PF_R, .p_offset = offset, .p_filesz = digest_size, .p_align = 4};

  bool extended = segment_count >= PN_XNUM;
  scratch->elf = (Elf64_Ehdr){
      .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT, ELFOSABI_NONE},
      .e_type = ET_CORE,
      .e_machine = IMAGE_MACHINE,
      .e_version = EV_CURRENT,
      .e_phoff = sizeof scratch->elf + sizeof scratch->section,
      .e_shoff = extended ? sizeof scratch->elf : 0,
      .e_ehsize = sizeof(Elf64_Ehdr),
      .e_phentsize = sizeof(Elf64_Phdr),
      .e_shentsize = sizeof(Elf64_Shdr),
      .e_phnum = (Elf64_Half)(extended ? PN_XNUM : segment_count),
      .e_shnum = extended ? 1 : 0,
  };
  scratch->section = (Elf64_Shdr){.sh_size = extended ? 1 : 0, .sh_info = extended ? (Elf64_Word)segment_count : 0};

  emit(writer, &scratch->elf, sizeof scratch->elf);
  emit(writer, &scratch->section, sizeof scratch->section);
  emit(writer, &notes_segment, sizeof notes_segment);
  emit(writer, scratch->segments, scratch->segment_count * sizeof(Elf64_Phdr));
  emit(writer, &digest_segment, sizeof digest_segment);
  for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) emit_note(writer, &notes[i]);
  emit_zeros(writer, data_start - headers_size - notes_size);

  for (int pass = 0; pass < IMAGE_PASSES; pass++) {
    for (size_t i = 0; i < scratch->segment_count && !writer->failure; i++) {
      const Elf64_Phdr *segment = &scratch->segments[i];
      if (scratch->passes[i] != pass) continue;
      emit_contents(writer, segment, scratch->places[i]);
      if (pass != PASS_KEPT) munmap((void *)scratch->places[i], segment->p_memsz);
    }
  }

  emit_note_header(writer, IMAGE_NOTE_OWNER, IMAGE_NOTE_DIGEST, sizeof(struct image_digest));
  const struct image_digest digest = {xxh64_end(&scratch->digest), scratch->unreadable_pages};
  emit(writer, &digest, sizeof digest);
  flush(writer);
}

static const void *copied(void *to, const void *from, size_t size) {
  if (size) memcpy(to, from, size);
  return to;
}

// Leaves it empty if it does not fit: struct mapping would have a part of it only.
static void read_program_path(char *path, size_t size) {
  ssize_t length = readlink("/proc/self/exe", path, size);
  path[length < 0 || (size_t)length >= size ? 0 : length] = 0;
}

int image_write(int output, const struct image_contents *contents) {
  struct writer writer = {.output = output, .memory_file = -1, .pagemap_file = -1, .page = (size_t)sysconf(_SC_PAGESIZE)};
  // Between two inaccessible pages, so that the kernel does not merge it with a neighboring mapping of the target.
  size_t mappings_size = contents->mapping_count * sizeof *contents->mappings;
  size_t needed = sizeof(struct scratch) + mappings_size + contents->metadata_size + contents->symbols_size;
  size_t size = (needed + writer.page - 1) / writer.page * writer.page;
  char *area = mmap(NULL, size + 2 * writer.page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (area == MAP_FAILED || mprotect(area + writer.page, size, PROT_READ | PROT_WRITE)) return CHILD_NO_SCRATCH;
  writer.scratch = (struct scratch *)(area + writer.page);
  xxh64_begin(&writer.scratch->digest);
  writer.scratch->heap = *contents->heap;
  writer.scratch->heap.stack_start = contents->registers[SAVED_STACK_POINTER];
  // Copied, because `gather` moves memory.
  struct image_contents kept = *contents;
  kept.mappings = copied(writer.scratch + 1, contents->mappings, mappings_size);
  kept.metadata = copied((char *)kept.mappings + mappings_size, contents->metadata, contents->metadata_size);
  kept.symbols = copied((char *)kept.metadata + contents->metadata_size, contents->symbols, contents->symbols_size);

  writer.memory_file = own_file_open("/proc/self/mem", O_RDONLY);
  writer.pagemap_file = own_file_open("/proc/self/pagemap", O_RDONLY);
  if (writer.pagemap_file < 0 && writer.memory_file < 0) return CHILD_PAGEMAP;
  // Without pagemap, changed pages cannot be told from clean ones.
  if (contents->omit_program && writer.pagemap_file >= 0) read_program_path(writer.program, sizeof writer.program);
  writer.kept = contents->kept;
  writer.kept_count = contents->kept_count;
  if (writer.pagemap_file >= 0) writer.guards_look_swapped = guards_look_swapped(&writer, area);
  if (proc_maps_visit(add_mapping, &writer) < 0) return CHILD_MAPS_UNREADABLE;
  if (writer.failure) return writer.failure;
  gather(writer.scratch);
  // Only now: at low priority, a collection in the target could delay the child before `gather`, and page tables and
  // page copies would exist at the same time.
  setpriority(PRIO_PROCESS, 0, 19);
  write_image(&writer, &kept);
  return writer.failure;
}
