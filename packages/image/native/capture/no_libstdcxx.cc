// The parts of the C++ run-time library that the addon needs, so that it does not link libstdc++: Debian and Alpine
// images have different ones or none, and Node has its own linked into its binary.
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
