// How the sandbox recognizes arm64. No system call is allowed only there.
#ifndef AFTERIMAGE_ALLOWED_CALLS_H
#define AFTERIMAGE_ALLOWED_CALLS_H

#define SANDBOX_ARCHITECTURE AUDIT_ARCH_AARCH64
#define MACHINE_CALLS

#endif
