// How the sandbox tells arm64. There is no system call that it allows only there.
#ifndef AFTERIMAGE_ALLOWED_CALLS_H
#define AFTERIMAGE_ALLOWED_CALLS_H

#define SANDBOX_ARCHITECTURE AUDIT_ARCH_AARCH64
#define MACHINE_CALLS

#endif
