#include "header.h"

#include "cpu_features.h"
#include "exit_codes.h"
#include "input.h"
#include "machine.h"
#include "report.h"
#include "system_calls.h"

#define MAX_SEGMENTS (1u << 21)
#define MAX_NOTES_BYTES (64u << 20)

static void *allocate(uint64_t size) {
  long memory = CALL6(__NR_mmap, 0, size, 3, 0x22, -1, 0);
  if (memory < 0 && memory > -4096) fail(DEVELOPER_NO_MEMORY, "no memory for the image's header");
  return (void *)memory;
}

static int same(const char *text, const char *other, size_t size) {
  for (size_t i = 0; i < size; i++)
    if (text[i] != other[i]) return 0;
  return 1;
}

static void check_elf(const Elf64_Ehdr *elf) {
  if (!same((const char *)elf->e_ident, ELFMAG, SELFMAG)) fail(DEVELOPER_UNSUPPORTED_FORMAT, "this is not an image: it does not begin like an ELF core file");
  if (elf->e_ident[EI_CLASS] != ELFCLASS64 || elf->e_ident[EI_DATA] != ELFDATA2LSB || elf->e_machine != IMAGE_MACHINE)
    fail_at(DEVELOPER_WRONG_ARCHITECTURE, "the image was captured on another architecture, ELF machine", elf->e_machine);
  if (elf->e_type != ET_CORE || elf->e_phentsize != sizeof(Elf64_Phdr) || elf->e_phoff != sizeof(Elf64_Ehdr) + sizeof(Elf64_Shdr))
    fail(DEVELOPER_UNSUPPORTED_FORMAT, "this is an ELF file, but not an image written by Afterimage");
}

// What is in the program's file has no contents here, and begins at a page there.
static int is_misplaced(const Elf64_Phdr *segment, uint64_t page) {
  return segment->p_flags & SEGMENT_IN_PROGRAM && (segment->p_filesz || segment->p_paddr % page);
}

// Returns the offset at which their contents end.
static uint64_t check_segments(const struct header *header, uint64_t offset) {
  const Elf64_Phdr *segments = header->segments;
  uint64_t end = 0, size = 0, page = header->process.page_size;
  for (uint64_t i = 0; i < header->segment_count; i++) {
    const Elf64_Phdr *segment = &segments[i];
    if (segment->p_type != PT_LOAD || segment->p_vaddr % page || segment->p_memsz % page || segment->p_filesz % page ||
        segment->p_memsz == 0 || is_misplaced(segment, page) || segment->p_filesz > segment->p_memsz || segment->p_vaddr < end || segment->p_memsz > USER_SPACE_END ||
        segment->p_vaddr + segment->p_memsz > USER_SPACE_END)
      fail_at(DEVELOPER_CORRUPT, "the image is corrupt: its segment table is wrong at address", segment->p_vaddr);
    end = segment->p_vaddr + segment->p_memsz;
    size += segment->p_filesz;
  }
  uint64_t expected = offset + size;
  for (int pass = 0; pass < IMAGE_PASSES; pass++)
    for (uint64_t i = 0; i < header->segment_count; i++)
      if (segments[i].p_filesz && segments[i].p_offset == offset) offset += segments[i].p_filesz;
  if (offset != expected) fail_at(DEVELOPER_CORRUPT, "the image is corrupt: no contents are at the offset", offset);
  return offset;
}

static void take_registers(struct header *header, const char *content, int first, int count) {
  const uint64_t *values = (const uint64_t *)content;
  for (int i = 0; i < count; i++) header->registers[first + i] = values[i];
}

static void take_note(struct header *header, const char *owner, uint32_t owner_size, uint32_t type, const char *content, uint64_t size) {
  if (owner_size == 5 && same(owner, "CORE", 5) && type == NT_PRSTATUS) {
    if (size != sizeof(struct image_prstatus)) fail(DEVELOPER_CORRUPT, "the image is corrupt: its registers have the wrong size");
    take_registers(header, content + offsetof(struct image_prstatus, registers), 0, PRSTATUS_REGISTERS);
  } else if (owner_size == sizeof IMAGE_NOTE_OWNER && same(owner, IMAGE_NOTE_OWNER, owner_size) && type == IMAGE_NOTE_PROCESS) {
    if (size < sizeof header->process) fail(DEVELOPER_CORRUPT, "the image is corrupt: its process note is too short");
    header->process = *(const struct image_process *)content;
    header->eventfds = (int32_t *)(content + sizeof header->process);
    if (header->process.version < MIN_IMAGE_FORMAT_VERSION || header->process.version > IMAGE_FORMAT_VERSION)
      fail_at(DEVELOPER_UNSUPPORTED_FORMAT, "the image is of another version of Afterimage, which can develop it; its format:", header->process.version);
    uint32_t page = header->process.page_size;
    if (page < IMAGE_PAGE || page > MAX_IMAGE_PAGE || page & (page - 1) || header->process.eventfd_count > (size - sizeof header->process) / 4)
      fail(DEVELOPER_CORRUPT, "the image is corrupt: its process note contradicts itself");
  }
  for (int i = 0; i < REGISTER_NOTES; i++) {
    const struct register_note *note = &register_notes[i];
    if (type == note->type && owner_size <= sizeof note->owner && same(owner, note->owner, owner_size) && size == 8 * (uint64_t)note->count) take_registers(header, content, note->first, note->count);
  }
}

static void read_notes(struct header *header, const char *notes, uint64_t size) {
  for (uint64_t at = 0; at < size;) {
    if (size - at < sizeof(Elf64_Nhdr)) fail(DEVELOPER_CORRUPT, "the image is corrupt: a note is cut off");
    const Elf64_Nhdr *note = (const Elf64_Nhdr *)(notes + at);
    at += sizeof *note;
    uint64_t owner_size = ((uint64_t)note->n_namesz + 3) & ~3ull, content_size = ((uint64_t)note->n_descsz + 3) & ~3ull;
    if (owner_size + content_size > size - at) fail(DEVELOPER_CORRUPT, "the image is corrupt: a note is longer than the notes");
    take_note(header, notes + at, note->n_namesz, note->n_type, notes + at + owner_size, note->n_descsz);
    at += owner_size + content_size;
  }
}

void header_read(struct header *header) {
  struct {
    Elf64_Ehdr elf;
    Elf64_Shdr section;
  } first;
  input_read(&first, sizeof first);
  check_elf(&first.elf);
  uint64_t count = first.elf.e_phnum == PN_XNUM ? first.section.sh_info : first.elf.e_phnum;
  if (count < 3 || count > MAX_SEGMENTS) fail(DEVELOPER_CORRUPT, "the image is corrupt: its number of segments is impossible");

  uint64_t table_size = count * sizeof(Elf64_Phdr);
  Elf64_Phdr notes;
  input_read(&notes, sizeof notes);
  if (notes.p_type != PT_NOTE || notes.p_offset != sizeof first + table_size || notes.p_filesz > MAX_NOTES_BYTES)
    fail(DEVELOPER_CORRUPT, "the image is corrupt: its notes are not where they should be");
  uint64_t data_start = (notes.p_offset + notes.p_filesz + IMAGE_PAGE - 1) / IMAGE_PAGE * IMAGE_PAGE;

  uint64_t page = header->kernel_page;
  header->memory_size = (table_size + notes.p_filesz + 2 * page - 1) / page * page;
  header->memory = allocate(header->memory_size);
  header->segments = header->memory;
  header->segment_count = count - 2;
  input_read(header->segments, table_size - sizeof notes);
  const Elf64_Phdr *digest = &header->segments[count - 2];
  char *content = (char *)header->memory + table_size;
  input_read(content, notes.p_filesz);
  read_notes(header, content, notes.p_filesz);
  if (!header->process.version || !header->registers[SAVED_PROGRAM_COUNTER] || !header->registers[SAVED_STACK_POINTER])
    fail(DEVELOPER_CORRUPT, "the image is corrupt: it has no registers or no process note");
  header->contents = data_start;
  if (digest->p_type != PT_NOTE || digest->p_offset != check_segments(header, data_start))
    fail(DEVELOPER_CORRUPT, "the image is corrupt: its digest is not where it should be");
  input_skip(data_start - notes.p_offset - notes.p_filesz);
}

void header_check_pages(const struct header *header) {
  if (header->process.page_size % header->kernel_page == 0) return;
  report_text("afterimage error the image has pages of ");
  report_number(header->process.page_size);
  report_text(" bytes, and this kernel can only map pages of ");
  report_number(header->kernel_page);
  report_text(": develop it on a kernel with pages like the image's\n");
  end_program(DEVELOPER_WRONG_ARCHITECTURE);
}

void header_check_cpu(const struct header *header) {
  uint32_t here[CPU_FEATURE_WORDS];
  cpu_features_read(here, header->auxv);
  int missing = 0;
  for (unsigned i = 0; i < sizeof cpu_features / sizeof *cpu_features; i++) {
    const struct cpu_feature *feature = &cpu_features[i];
    uint32_t bit = 1u << feature->bit;
    if (!(header->process.cpu_features[feature->word] & bit) || here[feature->word] & bit) continue;
    report_text(missing++ ? " " : "afterimage error this CPU lacks ");
    report_text(feature->name);
  }
  if (!missing) return;
  report_text(", which the target's has and its code may use\n");
  end_program(DEVELOPER_MISSING_CPU_FEATURES);
}
