// How the sandbox recognizes x86-64, and the system calls that are allowed only there.
#ifndef AFTERIMAGE_ALLOWED_CALLS_H
#define AFTERIMAGE_ALLOWED_CALLS_H

#define SANDBOX_ARCHITECTURE AUDIT_ARCH_X86_64
#define MACHINE_CALLS __NR_time

#endif
