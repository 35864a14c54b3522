// System calls without a C library: this program has none, so that it cannot interfere with the C library in the image.
#ifndef AFTERIMAGE_SYSTEM_CALLS_H
#define AFTERIMAGE_SYSTEM_CALLS_H

#include <asm/unistd.h>
#include <linux/errno.h>
#include <stddef.h>
#include <stdint.h>

#include "system_call.h"

#define CALL0(n) system_call(n, 0, 0, 0, 0, 0, 0)
#define CALL1(n, a) system_call(n, (long)(a), 0, 0, 0, 0, 0)
#define CALL2(n, a, b) system_call(n, (long)(a), (long)(b), 0, 0, 0, 0)
#define CALL3(n, a, b, c) system_call(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define CALL4(n, a, b, c, d) system_call(n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define CALL5(n, a, b, c, d, e) system_call(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)
#define CALL6(n, a, b, c, d, e, f) system_call(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

#endif
