// Runs in the restored process: lets V8 write the snapshot, as if it had never been interrupted.
#ifndef AFTERIMAGE_RESUME_H
#define AFTERIMAGE_RESUME_H

// `isolate` is the v8::Isolate* of the thread that was forked; `flags` is enum resume_flags. Writes the
// snapshot to the descriptor in the flags, progress lines to descriptor 2, and exits with enum developer_exit.
void resume_and_write_snapshot(long flags, void* isolate);

#endif
