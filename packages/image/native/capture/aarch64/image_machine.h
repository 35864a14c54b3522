// The arm64 parts of an image: its ELF machine and the registers.
#ifndef AFTERIMAGE_IMAGE_MACHINE_H
#define AFTERIMAGE_IMAGE_MACHINE_H

#include <elf.h>
#include <stdint.h>

#define IMAGE_MACHINE EM_AARCH64

// First struct user_pt_regs, which NT_PRSTATUS contains; then the registers that debuggers expect in separate notes.
enum register_index {
  SAVED_X0 = 0,
  SAVED_X19 = 19,  // a callee preserves x19 to x30, and the low halves of v8 to v15
  SAVED_SP = 31,
  SAVED_PC = 32,
  SAVED_PSTATE = 33,
  PRSTATUS_REGISTERS = 34,
  SAVED_TPIDR_EL0 = 34,
  SAVED_VECTORS = 35,               // struct user_fpsimd_state: v0 to v31, 16 bytes each; fpsr, fpcr
  SAVED_COUNT = SAVED_VECTORS + 66,
  SAVED_PROGRAM_COUNTER = SAVED_PC,
  SAVED_STACK_POINTER = SAVED_SP,
  SAVED_THREAD_POINTER = SAVED_TPIDR_EL0,
};

enum { REGISTER_NOTES = 2 };
static const struct register_note register_notes[REGISTER_NOTES] = {
    {"CORE", NT_FPREGSET, SAVED_VECTORS, 66},
    {"LINUX", NT_ARM_TLS, SAVED_TPIDR_EL0, 1},
};

#endif
