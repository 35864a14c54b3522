// XXH64, streaming: the image's digest. Portable, without tables, several bytes a cycle, so that writing dominates the
// child's time. Source of the algorithm: the xxHash specification (xxhash_spec.md, XXH64), seed 0.
#ifndef AFTERIMAGE_XXH64_H
#define AFTERIMAGE_XXH64_H

#include <stddef.h>
#include <stdint.h>

struct xxh64 {
  uint64_t lane[4];
  uint64_t length;
  unsigned char pending[32];
  unsigned pending_length;
};

#define XXH64_P1 0x9E3779B185EBCA87ull
#define XXH64_P2 0xC2B2AE3D27D4EB4Full
#define XXH64_P3 0x165667B19E3779F9ull
#define XXH64_P4 0x85EBCA77C2B2AE63ull
#define XXH64_P5 0x27D4EB2F165667C5ull

static inline uint64_t xxh64_rotate(uint64_t value, int bits) { return value << bits | value >> (64 - bits); }

static inline uint64_t xxh64_load8(const unsigned char *at) {
  uint64_t value;
  __builtin_memcpy(&value, at, 8);
  return value;
}

static inline uint64_t xxh64_round(uint64_t lane, uint64_t input) {
  return xxh64_rotate(lane + input * XXH64_P2, 31) * XXH64_P1;
}

static inline void xxh64_begin(struct xxh64 *state) {
  state->lane[0] = XXH64_P1 + XXH64_P2;
  state->lane[1] = XXH64_P2;
  state->lane[2] = 0;
  state->lane[3] = 0 - XXH64_P1;
  state->length = 0;
  state->pending_length = 0;
}

static inline void xxh64_stripe(struct xxh64 *state, const unsigned char *at) {
  for (int i = 0; i < 4; i++) state->lane[i] = xxh64_round(state->lane[i], xxh64_load8(at + 8 * i));
}

static inline void xxh64_add(struct xxh64 *state, const void *data, size_t size) {
  const unsigned char *at = (const unsigned char *)data;
  const unsigned char *end = at + size;
  state->length += size;
  if (state->pending_length) {
    while (at < end && state->pending_length < 32) state->pending[state->pending_length++] = *at++;
    if (state->pending_length < 32) return;
    xxh64_stripe(state, state->pending);
    state->pending_length = 0;
  }
  for (; end - at >= 32; at += 32) xxh64_stripe(state, at);
  while (at < end) state->pending[state->pending_length++] = *at++;
}

static inline uint64_t xxh64_end(const struct xxh64 *state) {
  const uint64_t *lane = state->lane;
  uint64_t hash;
  if (state->length >= 32) {
    hash = xxh64_rotate(lane[0], 1) + xxh64_rotate(lane[1], 7) + xxh64_rotate(lane[2], 12) + xxh64_rotate(lane[3], 18);
    for (int i = 0; i < 4; i++) hash = (hash ^ xxh64_round(0, lane[i])) * XXH64_P1 + XXH64_P4;
  } else {
    hash = XXH64_P5;
  }
  hash += state->length;
  const unsigned char *at = state->pending;
  const unsigned char *end = at + state->pending_length;
  for (; end - at >= 8; at += 8)
    hash = xxh64_rotate(hash ^ xxh64_round(0, xxh64_load8(at)), 27) * XXH64_P1 + XXH64_P4;
  if (end - at >= 4) {
    uint32_t word;
    __builtin_memcpy(&word, at, 4);
    hash = xxh64_rotate(hash ^ word * XXH64_P1, 23) * XXH64_P2 + XXH64_P3;
    at += 4;
  }
  for (; at < end; at++) hash = xxh64_rotate(hash ^ *at * XXH64_P5, 11) * XXH64_P1;
  hash = (hash ^ hash >> 33) * XXH64_P2;
  hash = (hash ^ hash >> 29) * XXH64_P3;
  return hash ^ hash >> 32;
}

#endif
