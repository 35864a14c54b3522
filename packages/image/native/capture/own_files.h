// Files in /proc/self that the kernel gives to root where a process has changed its user or runs a file with capabilities
// (task_dump_owner in fs/proc/base.c): the process itself may not open them then.
#pragma once

// Like open(2), with O_CLOEXEC. Such a process is dumpable while the file is opened, and not before and after. Only for an
// image child: to the target it would open the door to other processes of its user for that moment.
int own_file_open(const char *path, int flags);
