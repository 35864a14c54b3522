// Opens files in /proc/self that the kernel assigns to root if a process has changed its user or runs a file with
// capabilities (task_dump_owner in fs/proc/base.c): then the process itself may not open them.
#pragma once

// Like open(2), with O_CLOEXEC. Makes such a process dumpable, but only while the file is opened. Only for an image
// child: in the target, other processes of the same user could get in at that moment.
int own_file_open(const char *path, int flags);
