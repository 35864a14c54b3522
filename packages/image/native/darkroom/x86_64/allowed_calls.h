// How the sandbox tells x86-64, and what it allows only there.
#ifndef AFTERIMAGE_ALLOWED_CALLS_H
#define AFTERIMAGE_ALLOWED_CALLS_H

#define SANDBOX_ARCHITECTURE AUDIT_ARCH_X86_64
#define MACHINE_CALLS __NR_time

#endif
