// What this program has to say, as lines "afterimage WORD ..." on descriptor 2; src/develop.ts reads them.
#ifndef AFTERIMAGE_REPORT_H
#define AFTERIMAGE_REPORT_H

#include <stdint.h>

// The snapshot goes on under another number once the image is restored: descriptors.h.
enum {
  INPUT = 0,
  SNAPSHOT = 1,
  REPORTS = 2,
};

void report_text(const char *text);
void report_number(uint64_t value);
void report_address(uint64_t value);

// Exits with a code of enum developer_exit.
__attribute__((noreturn)) void end_program(int code);

// "afterimage error TEXT[ VALUE in hexadecimal]", then the end.
__attribute__((noreturn)) void fail(int code, const char *text);
__attribute__((noreturn)) void fail_at(int code, const char *text, uint64_t address);

#endif
