// What C++ needs at run time, so that the addon links no libstdc++: images of Debian and Alpine have
// different ones or none, and Node's own is linked into its binary.
#include <stdlib.h>

#include <new>

void* operator new(size_t size) {
  void* memory = malloc(size);
  if (!memory) abort();
  return memory;
}
void operator delete(void* memory) noexcept { free(memory); }
void operator delete(void* memory, size_t) noexcept { free(memory); }

extern "C" void __cxa_pure_virtual() { abort(); }
