// Saves the registers of the child, to be restored in another process.
#ifndef AFTERIMAGE_REGISTERS_H
#define AFTERIMAGE_REGISTERS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Stores in registers[] (enum register_index) what a return from this very call needs: the registers that a callee
// preserves under the System V ABI, the stack pointer, the return address, the TLS base. Returns 0. In the restored
// process the same call returns once more, with enum resume_flags. Not setjmp: glibc scrambles what it saves, and
// debuggers need a stack that they can walk.
__attribute__((returns_twice, visibility("hidden"))) long registers_save(uint64_t *registers);

#ifdef __cplusplus
}
#endif

#endif
