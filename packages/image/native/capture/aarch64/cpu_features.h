// CPU features that the target may depend on: V8's compiler, the C library's string functions and OpenSSL choose their
// instructions once, at start. On a machine without them, the image would die of SIGILL while it is developed.
#ifndef AFTERIMAGE_CPU_FEATURES_H
#define AFTERIMAGE_CPU_FEATURES_H

#include <elf.h>
#include <stdint.h>

#include "image_format.h"

// Words: AT_HWCAP, its low half first; AT_HWCAP2. `auxv` is the auxiliary vector, up to its AT_NULL.
static inline void cpu_features_read(uint32_t words[CPU_FEATURE_WORDS], const uint64_t *auxv) {
  for (int i = 0; i < CPU_FEATURE_WORDS; i++) words[i] = 0;
  for (; auxv[0] != AT_NULL; auxv += 2) {
    if (auxv[0] != AT_HWCAP && auxv[0] != AT_HWCAP2) continue;
    uint32_t *half = words + (auxv[0] == AT_HWCAP ? 0 : 2);
    half[0] = (uint32_t)auxv[1];
    half[1] = (uint32_t)(auxv[1] >> 32);
  }
}

struct cpu_feature {
  uint8_t word, bit;
  char name[14];  // an array, not a pointer: the darkroom must not need relocations
};

// asm/hwcap.h. Omitted are features that only the kernel uses (mte, ssbs), and pointer authentication and branch
// targets (paca, pacg, bti): CPUs without them ignore the instructions that compilers emit for them.
// clang-format off
static const struct cpu_feature cpu_features[] = {
    {0, 0, "fp"},       {0, 1, "asimd"},     {0, 3, "aes"},        {0, 4, "pmull"},     {0, 5, "sha1"},
    {0, 6, "sha2"},     {0, 7, "crc32"},     {0, 8, "atomics"},    {0, 9, "fphp"},      {0, 10, "asimdhp"},
    {0, 11, "cpuid"},   {0, 12, "asimdrdm"}, {0, 13, "jscvt"},     {0, 14, "fcma"},     {0, 15, "lrcpc"},
    {0, 16, "dcpop"},   {0, 17, "sha3"},     {0, 18, "sm3"},       {0, 19, "sm4"},      {0, 20, "asimddp"},
    {0, 21, "sha512"},  {0, 22, "sve"},      {0, 23, "asimdfhm"},  {0, 24, "dit"},      {0, 25, "uscat"},
    {0, 26, "ilrcpc"},  {0, 27, "flagm"},    {0, 29, "sb"},        {2, 0, "dcpodp"},    {2, 1, "sve2"},
    {2, 2, "sveaes"},   {2, 3, "svepmull"},  {2, 4, "svebitperm"}, {2, 5, "svesha3"},   {2, 6, "svesm4"},
    {2, 7, "flagm2"},   {2, 8, "frint"},     {2, 9, "svei8mm"},    {2, 10, "svef32mm"}, {2, 11, "svef64mm"},
    {2, 12, "svebf16"}, {2, 13, "i8mm"},     {2, 14, "bf16"},      {2, 16, "rng"},      {2, 20, "afp"},
    {2, 23, "sme"},     {2, 31, "wfxt"},     {3, 0, "ebf16"},      {3, 2, "cssc"},      {3, 4, "sve2p1"},
    {3, 5, "sme2"},     {3, 11, "mops"},
};
// clang-format on

#endif
