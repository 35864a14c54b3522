// CPU features that the target may depend on: V8's compiler, glibc's string functions and OpenSSL choose their
// instructions once, at start. On a machine without them, the image would die of SIGILL while it is developed.
#ifndef AFTERIMAGE_CPU_FEATURES_H
#define AFTERIMAGE_CPU_FEATURES_H

#include <cpuid.h>
#include <stdint.h>

#include "image_format.h"

// Words: leaf 1 ecx and edx; leaf 7 ebx, ecx, edx; leaf 7.1 eax; leaf 0x80000001 ecx; XCR0. `auxv` is unused here: only
// other architectures need it.
static inline void cpu_features_read(uint32_t words[CPU_FEATURE_WORDS], const uint64_t *auxv) {
  (void)auxv;
  uint32_t a, b, c, d;
  for (int i = 0; i < CPU_FEATURE_WORDS; i++) words[i] = 0;
  if (__get_cpuid(1, &a, &b, &c, &d)) {
    words[0] = c;
    words[1] = d;
  }
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
    words[2] = b;
    words[3] = c;
    words[4] = d;
    if (a >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d)) words[5] = a;
  }
  if (__get_cpuid(0x80000001, &a, &b, &c, &d)) words[6] = c;
  if (words[0] & 1u << 27) {  // OSXSAVE: the state components that the kernel allows a process to use
    __asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
    words[7] = a;
  }
}

struct cpu_feature {
  uint8_t word, bit;
  char name[14];  // an array, not a pointer: the darkroom must not need relocations
};

// clang-format off
static const struct cpu_feature cpu_features[] = {
    {0, 0, "sse3"},        {0, 1, "pclmulqdq"},   {0, 9, "ssse3"},      {0, 12, "fma"},
    {0, 13, "cx16"},       {0, 19, "sse4_1"},     {0, 20, "sse4_2"},    {0, 22, "movbe"},
    {0, 23, "popcnt"},     {0, 25, "aes"},        {0, 26, "xsave"},     {0, 28, "avx"},
    {0, 29, "f16c"},       {0, 30, "rdrand"},     {2, 0, "fsgsbase"},   {2, 3, "bmi1"},
    {2, 5, "avx2"},        {2, 8, "bmi2"},        {2, 11, "rtm"},       {2, 16, "avx512f"},
    {2, 17, "avx512dq"},   {2, 18, "rdseed"},     {2, 19, "adx"},       {2, 21, "avx512ifma"},
    {2, 28, "avx512cd"},   {2, 29, "sha_ni"},     {2, 30, "avx512bw"},  {2, 31, "avx512vl"},
    {3, 1, "avx512vbmi"},  {3, 6, "avx512vbmi2"}, {3, 8, "gfni"},       {3, 9, "vaes"},
    {3, 10, "vpclmulqdq"}, {3, 11, "avx512vnni"}, {3, 12, "avx512bitalg"}, {3, 14, "avx512vpop"},
    {4, 22, "amx-bf16"},   {4, 23, "avx512fp16"}, {4, 24, "amx-tile"},  {4, 25, "amx-int8"},
    {5, 0, "sha512"},      {5, 4, "avx_vnni"},    {5, 5, "avx512_bf16"}, {5, 23, "avx_ifma"},
    {6, 5, "lzcnt"},       {7, 1, "xcr0-sse"},    {7, 2, "xcr0-avx"},   {7, 6, "xcr0-avx512"},
};
// clang-format on

#endif
