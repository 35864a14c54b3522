// Saving the registers of the child, to be taken up again in another process.
#ifndef AFTERIMAGE_REGISTERS_H
#define AFTERIMAGE_REGISTERS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Fills registers[] (enum register_index) with what a return from this very call needs: the registers that
// the System V ABI makes a callee keep, the stack pointer, the return address, the TLS base. Returns 0. In
// the restored process the same call returns once more, with enum resume_flags. Not setjmp: glibc scrambles
// what it saves, and a debugger should find a stack it can walk.
__attribute__((returns_twice, visibility("hidden"))) long registers_save(uint64_t *registers);

#ifdef __cplusplus
}
#endif

#endif
