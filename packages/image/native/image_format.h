// The image: an ELF core file, written once, front to back, into a pipe. Shared by the child that writes it and the
// darkroom that reads it. docs/image-format.md describes the same in prose; change both together.
#ifndef AFTERIMAGE_IMAGE_FORMAT_H
#define AFTERIMAGE_IMAGE_FORMAT_H

#include <elf.h>
#include <stdint.h>

// Alignment of everything in the file. The kernel's pages are as large or larger (struct image_process).
#define IMAGE_PAGE 4096u
#define MAX_IMAGE_PAGE 65536u
#define IMAGE_FORMAT_VERSION 3u
// Images of these versions are developed: version 2 lacks the notes from IMAGE_NOTE_HEAP on.
#define MIN_IMAGE_FORMAT_VERSION 2u
// The file contains the segments' contents in at most this many passes, each ascending by address.
#define IMAGE_PASSES 4

// A range of registers that has a note of its own, in addition to NT_PRSTATUS.
struct register_note {
  char owner[8];
  uint32_t type;
  int first, count;
};

#include "image_facts.h"
#include "image_machine.h"

// Owner of our own notes; ELF counts the terminating NUL.
#define IMAGE_NOTE_OWNER "AFTERIMAGE"

// Far from the kernel's numbers, because debuggers look at a note's type before its owner.
enum image_note {
  IMAGE_NOTE_PROCESS = 0x41460001,   // struct image_process, then its eventfd numbers (int32_t each)
  IMAGE_NOTE_METADATA = 0x41460002,  // UTF-8 JSON
  IMAGE_NOTE_DIGEST = 0x41460003,    // struct image_digest, the last bytes of the file
  IMAGE_NOTE_HEAP = 0x41460004,      // struct image_heap, with so many spaces as it says
  IMAGE_NOTE_MAPPINGS = 0x41460005,  // struct image_mapping each, ascending by address
  IMAGE_NOTE_SYMBOLS = 0x41460006,   // names in the program's file that no mapping has, as the capture gave them
};

// The kind of mapping that a PT_LOAD segment was in the target, in the bits that ELF reserves for the system
// (PF_MASKOS).
enum image_segment {
  SEGMENT_FILE = 0x00100000,    // backed by a private file mapping
  SEGMENT_SHARED = 0x00200000,  // shared memory: its addresses are reserved, its contents omitted
  SEGMENT_VDSO = 0x00400000,    // the kernel's code page, useless in another process without its data page
  // Clean pages of the program's file, left out: p_paddr is their offset in that file, which the darkroom needs.
  SEGMENT_IN_PROGRAM = 0x00800000,
};

#define CPU_FEATURE_WORDS 8

struct image_process {
  uint32_t version;  // IMAGE_FORMAT_VERSION
  uint32_t page_size;  // of the kernel: addresses and sizes of segments are multiples of it
  uint64_t stack_limit;                    // how far the main stack may grow, in bytes
  uint32_t protection_keys;                // bit k: some mapping used protection key k
  uint32_t eventfd_count;
  uint32_t cpu_features[CPU_FEATURE_WORDS];  // cpu_features.h
};

struct image_digest {
  uint64_t xxh64;             // of every byte of the file before this note's descriptor
  uint64_t unreadable_pages;  // number of pages of IMAGE_PAGE bytes that the kernel did not let the child read; they are written as zeros
};

// Linux's struct elf_prstatus, the NT_PRSTATUS note: debuggers and the darkroom read the registers from it.
struct image_prstatus {
  int32_t signal_info[3];
  int16_t current_signal;
  uint64_t pending_signals, held_signals;
  int32_t pid, ppid, pgrp, sid;
  uint64_t times[8];
  uint64_t registers[PRSTATUS_REGISTERS];
  int32_t fpu_valid;
};

// The value that saving the registers returns in the restored process; 0 means "still in the child". The bits from
// RESUME_SNAPSHOT_SHIFT on hold the descriptor to write the snapshot to.
enum resume_flags {
  RESUME_DEVELOP = 1,
  RESUME_EXPOSE_NUMERIC_VALUES = 2,
  RESUME_KEEP_HEAP = 4,
  RESUME_SNAPSHOT_SHIFT = 8,
};

#endif
