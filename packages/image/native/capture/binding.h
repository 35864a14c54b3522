// Declarations that the files of the binding share.
#ifndef AFTERIMAGE_BINDING_H
#define AFTERIMAGE_BINDING_H

#include <node.h>

namespace binding {

// Throws an Error like Node's: the message contains the call and the reason, `code` is for example EMFILE.
void throw_error(v8::Isolate* isolate, const char* call, int error);

// pipe(), socketPair(), memory(), duplicate()
void add_descriptors(v8::Local<v8::Object> exports);

// spawn() and reap()
void add_processes(v8::Local<v8::Object> exports);

// holdSignal(), releaseSignal() and signalFromSelf()
void add_held_signal(v8::Local<v8::Object> exports, node::Environment* environment);

}  // namespace binding

#endif
