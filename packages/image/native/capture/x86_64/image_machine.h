// The x86-64 parts of an image: its ELF machine and the registers.
#ifndef AFTERIMAGE_IMAGE_MACHINE_H
#define AFTERIMAGE_IMAGE_MACHINE_H

#include <elf.h>
#include <stdint.h>

#define IMAGE_MACHINE EM_X86_64

// In the order of struct user_regs_struct, which NT_PRSTATUS contains.
// clang-format off
enum register_index {
  SAVED_R15, SAVED_R14, SAVED_R13, SAVED_R12, SAVED_RBP, SAVED_RBX, SAVED_R11, SAVED_R10, SAVED_R9, SAVED_R8, SAVED_RAX, SAVED_RCX,
  SAVED_RDX, SAVED_RSI, SAVED_RDI, SAVED_ORIG_RAX, SAVED_RIP, SAVED_CS, SAVED_EFLAGS, SAVED_RSP, SAVED_SS, SAVED_FS_BASE,
  SAVED_GS_BASE, SAVED_DS, SAVED_ES, SAVED_FS, SAVED_GS, SAVED_COUNT,
  PRSTATUS_REGISTERS = SAVED_COUNT,
  SAVED_PROGRAM_COUNTER = SAVED_RIP,
  SAVED_STACK_POINTER = SAVED_RSP,
  SAVED_THREAD_POINTER = SAVED_FS_BASE,
};
// clang-format on

// NT_PRSTATUS contains all of them.
enum { REGISTER_NOTES = 0 };
static const struct register_note register_notes[1] = {{"", 0, 0, 0}};

#endif
