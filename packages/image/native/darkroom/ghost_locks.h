// Releases locks that another thread held at the fork: that thread does not exist here, so it would never unlock them.
#ifndef AFTERIMAGE_GHOST_LOCKS_H
#define AFTERIMAGE_GHOST_LOCKS_H

// Checks from a timer's signal whether the only thread is in a wait that nothing can end. Releases it if it is a mutex,
// otherwise ends the program with DEVELOPER_STUCK.
void ghost_locks_watch(void);

#endif
