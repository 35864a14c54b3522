#include "report.h"

#include "system_calls.h"

void report_text(const char *text) {
  size_t length = 0;
  while (text[length]) length++;
  CALL3(__NR_write, REPORTS, text, length);
}

void report_number(uint64_t value) {
  char digits[21];
  int at = 20;
  digits[at] = 0;
  do digits[--at] = (char)('0' + value % 10);
  while (value /= 10);
  report_text(digits + at);
}

void report_address(uint64_t value) {
  char digits[19] = "0x";
  for (int i = 0; i < 16; i++) {
    unsigned digit = value >> (60 - 4 * i) & 15;
    digits[2 + i] = (char)(digit < 10 ? '0' + digit : 'a' + digit - 10);
  }
  digits[18] = 0;
  report_text(digits);
}

void end_program(int code) {
  for (;;) CALL1(__NR_exit_group, code);
}

void fail(int code, const char *text) {
  report_text("afterimage error ");
  report_text(text);
  report_text("\n");
  end_program(code);
}

void fail_at(int code, const char *text, uint64_t address) {
  report_text("afterimage error ");
  report_text(text);
  report_text(" ");
  report_address(address);
  report_text("\n");
  end_program(code);
}
