// The binding of bound_spawn(): starts and reaps the collector.

#include <errno.h>
#include <node.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <v8.h>

#include "binding.h"
#include "bound_spawn.h"

namespace binding {

using v8::Array;
using v8::Context;
using v8::FunctionCallbackInfo;
using v8::Integer;
using v8::Isolate;
using v8::Local;
using v8::Null;
using v8::Object;
using v8::String;
using v8::Value;

// Returns a null-terminated array of strings in one block of memory; null if memory is short.
static char** strings(Isolate* isolate, Local<Array> list) {
  Local<Context> context = isolate->GetCurrentContext();
  uint32_t count = list->Length();
  size_t size = (count + 1) * sizeof(char*);
  for (uint32_t i = 0; i < count; i++)
    size += static_cast<size_t>(String::Utf8Value(isolate, list->Get(context, i).ToLocalChecked()).length()) + 1;
  char** made = static_cast<char**>(malloc(size));
  if (!made) return nullptr;
  char* at = reinterpret_cast<char*>(made + count + 1);
  for (uint32_t i = 0; i < count; i++) {
    String::Utf8Value value(isolate, list->Get(context, i).ToLocalChecked());
    made[i] = at;
    memcpy(at, *value, static_cast<size_t>(value.length()) + 1);
    at += value.length() + 1;
  }
  made[count] = nullptr;
  return made;
}

// spawn(file, arguments, environment, descriptors)
static void Spawn(const FunctionCallbackInfo<Value>& info) {
  Isolate* isolate = info.GetIsolate();
  Local<Context> context = isolate->GetCurrentContext();
  String::Utf8Value file(isolate, info[0]);
  struct bound_spawn orders = {};
  Local<Array> descriptors = info[3].As<Array>();
  for (uint32_t i = 0; i < BOUND_DESCRIPTORS; i++)
    orders.descriptors[i] = descriptors->Get(context, i).ToLocalChecked()->Int32Value(context).FromJust();
  char** arguments = strings(isolate, info[1].As<Array>());
  char** environment = strings(isolate, info[2].As<Array>());
  orders.file = *file;
  orders.arguments = arguments;
  orders.environment = environment;
  orders.directory = "/";
  // A program that is already running may handle it and clean up.
  orders.death_signal = SIGTERM;
  pid_t pid = arguments && environment ? ::bound_spawn(&orders) : -ENOMEM;
  free(arguments);
  free(environment);
  if (pid < 0) return throw_error(isolate, "spawn", -pid);
  info.GetReturnValue().Set(pid);
}

// reap(pid): null while it runs, then [exit code, signal number], one of them null; both null if other code has reaped
// it.
static void Reap(const FunctionCallbackInfo<Value>& info) {
  Isolate* isolate = info.GetIsolate();
  pid_t wanted = info[0]->Int32Value(isolate->GetCurrentContext()).FromJust();
  int status = 0;
  pid_t pid = waitpid(wanted, &status, WNOHANG);
  if (pid == 0 || (pid < 0 && errno == EINTR)) return info.GetReturnValue().SetNull();
  Local<Value> end[] = {Null(isolate), Null(isolate)};
  if (pid > 0 && WIFEXITED(status)) end[0] = Integer::New(isolate, WEXITSTATUS(status));
  if (pid > 0 && WIFSIGNALED(status)) end[1] = Integer::New(isolate, WTERMSIG(status));
  info.GetReturnValue().Set(Array::New(isolate, end, 2));
}

void add_processes(Local<Object> exports) {
  NODE_SET_METHOD(exports, "spawn", Spawn);
  NODE_SET_METHOD(exports, "reap", Reap);
}

}  // namespace binding
