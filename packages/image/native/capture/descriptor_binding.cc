// The binding of the functions that create descriptors. All descriptors are close-on-exec.

#include <errno.h>
#include <fcntl.h>
#include <node.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <uv.h>
#include <v8.h>

#include "binding.h"

namespace binding {

using v8::Array;
using v8::Exception;
using v8::FunctionCallbackInfo;
using v8::Integer;
using v8::Isolate;
using v8::Local;
using v8::Object;
using v8::String;
using v8::Value;

static Local<String> text(Isolate* isolate, const char* value) {
  return String::NewFromUtf8(isolate, value).ToLocalChecked();
}

void throw_error(Isolate* isolate, const char* call, int error) {
  Local<String> message = String::Concat(isolate, text(isolate, call), text(isolate, ": "));
  message = String::Concat(isolate, message, text(isolate, strerror(error)));
  Local<Object> exception = Exception::Error(message).As<Object>();
  // uv_err_name() allocates memory for an error that it does not know.
  exception->Set(isolate->GetCurrentContext(), text(isolate, "code"), text(isolate, uv_err_name(-error))).Check();
  isolate->ThrowException(exception);
}

static void return_both(const FunctionCallbackInfo<Value>& info, const int ends[2]) {
  Isolate* isolate = info.GetIsolate();
  Local<Value> numbers[] = {Integer::New(isolate, ends[0]), Integer::New(isolate, ends[1])};
  info.GetReturnValue().Set(Array::New(isolate, numbers, 2));
}

static void Pipe(const FunctionCallbackInfo<Value>& info) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC)) return throw_error(info.GetIsolate(), "pipe", errno);
  fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);  // fewer switches between child and collector; the default size works too
  return_both(info, ends);
}

static void SocketPair(const FunctionCallbackInfo<Value>& info) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends)) return throw_error(info.GetIsolate(), "socketpair", errno);
  return_both(info, ends);
}

static void Memory(const FunctionCallbackInfo<Value>& info) {
  Isolate* isolate = info.GetIsolate();
  String::Utf8Value name(isolate, info[0]);
  // A system call: glibc's function has a symbol version that older glibc lacks.
  long descriptor = syscall(SYS_memfd_create, *name, MFD_CLOEXEC);
  if (descriptor < 0) return throw_error(isolate, "memfd_create", errno);
  info.GetReturnValue().Set(static_cast<int32_t>(descriptor));
}

static void Duplicate(const FunctionCallbackInfo<Value>& info) {
  Isolate* isolate = info.GetIsolate();
  int32_t original = info[0]->Int32Value(isolate->GetCurrentContext()).FromJust();
  // At least 3, so that it does not replace a standard stream that the application has closed.
  int descriptor = fcntl(original, F_DUPFD_CLOEXEC, 3);
  if (descriptor < 0) return throw_error(isolate, "dup", errno);
  info.GetReturnValue().Set(descriptor);
}

void add_descriptors(Local<Object> exports) {
  NODE_SET_METHOD(exports, "pipe", Pipe);
  NODE_SET_METHOD(exports, "socketPair", SocketPair);
  NODE_SET_METHOD(exports, "memory", Memory);
  NODE_SET_METHOD(exports, "duplicate", Duplicate);
}

}  // namespace binding
