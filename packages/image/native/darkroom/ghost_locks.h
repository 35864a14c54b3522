// Locks that a thread held at the moment of the fork: that thread does not exist here and will not let go.
#ifndef AFTERIMAGE_GHOST_LOCKS_H
#define AFTERIMAGE_GHOST_LOCKS_H

// Looks, from a timer's signal, whether the only thread stands in a wait that nothing can end. A mutex is
// freed; anything else ends the program with DEVELOPER_STUCK.
void ghost_locks_watch(void);

#endif
