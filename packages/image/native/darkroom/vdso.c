#include "vdso.h"

#include <elf.h>
#include <stddef.h>

#include "exit_codes.h"
#include "report.h"
#include "vdso_functions.h"

static int same(const char *name, const char *other) {
  while (*name && *name == *other) name++, other++;
  return *name == *other;
}

static const char *without_prefix(const char *name) {
  static const char prefix[] = VDSO_PREFIX;
  for (unsigned i = 0; i < sizeof prefix - 1; i++)
    if (name[i] != prefix[i]) return name;
  return name + sizeof prefix - 1;
}

void vdso_detach(uint64_t base, uint64_t size) {
  // Everything read here comes from the image, so each offset is checked against the mapping's size.
  const Elf64_Ehdr *elf = (const Elf64_Ehdr *)base;
  if (size < sizeof *elf || elf->e_phoff > size || elf->e_phnum * sizeof(Elf64_Phdr) > size - elf->e_phoff)
    fail_at(DEVELOPER_CORRUPT, "the image is corrupt: no vdso at", base);
  const Elf64_Phdr *segments = (const Elf64_Phdr *)(base + elf->e_phoff);
  uint64_t dynamic = 0, dynamic_size = 0, bias = 0;
  for (unsigned i = 0; i < elf->e_phnum; i++) {
    if (segments[i].p_type == PT_LOAD) bias = segments[i].p_vaddr - segments[i].p_offset;
    if (segments[i].p_type == PT_DYNAMIC) dynamic = segments[i].p_offset, dynamic_size = segments[i].p_memsz;
  }
  if (!dynamic || dynamic > size || dynamic_size > size - dynamic) fail_at(DEVELOPER_CORRUPT, "the image is corrupt: no dynamic section in the vdso at", base);
  uint64_t symbols = 0, strings = 0;
  const Elf64_Dyn *entry = (const Elf64_Dyn *)(base + dynamic);
  for (uint64_t i = 0; i < dynamic_size / sizeof *entry && entry[i].d_tag != DT_NULL; i++) {
    if (entry[i].d_tag == DT_SYMTAB) symbols = entry[i].d_un.d_ptr - bias;
    if (entry[i].d_tag == DT_STRTAB) strings = entry[i].d_un.d_ptr - bias;
  }
  if (!symbols || symbols >= strings || strings >= size) fail_at(DEVELOPER_CORRUPT, "the image is corrupt: no symbols in the vdso at", base);
  for (uint64_t at = symbols; at + sizeof(Elf64_Sym) <= strings; at += sizeof(Elf64_Sym)) {
    const Elf64_Sym *symbol = (const Elf64_Sym *)(base + at);
    uint64_t offset = symbol->st_value - bias;
    if (symbol->st_name >= size - strings || offset > size - VDSO_PATCH_SIZE) continue;
    const char *name = without_prefix((const char *)base + strings + symbol->st_name);
    for (unsigned i = 0; i < sizeof vdso_functions / sizeof *vdso_functions; i++)
      if (same(name, vdso_functions[i].name)) patch((unsigned char *)(base + offset), vdso_functions[i].number);
  }
}
