// Writes the program's reports, lines "afterimage WORD ..." on descriptor 2, which src/darkroom-process.ts reads.
#ifndef AFTERIMAGE_REPORT_H
#define AFTERIMAGE_REPORT_H

#include <stdint.h>

// The descriptors. The snapshot's gets another number once the image is restored: descriptors.h.
enum {
  INPUT = 0,
  SNAPSHOT = 1,
  REPORTS = 2,
  PROGRAM = 3,  // only with --program
};

void report_text(const char *text);
void report_number(uint64_t value);
void report_address(uint64_t value);

// Exits with a code of enum developer_exit.
__attribute__((noreturn)) void end_program(int code);

// Writes "afterimage error TEXT[ VALUE in hexadecimal]" and ends the program.
__attribute__((noreturn)) void fail(int code, const char *text);
__attribute__((noreturn)) void fail_at(int code, const char *text, uint64_t address);

#endif
